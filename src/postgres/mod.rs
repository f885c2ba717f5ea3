//! PostgreSQL: temporary clusters, connections, catalogs.
