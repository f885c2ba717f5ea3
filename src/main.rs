//! Policy, migrations, approval and audit for PostgreSQL schemas kept in git.

fn main() {}
