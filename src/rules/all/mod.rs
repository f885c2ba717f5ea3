//! One file a rule.

mod bigint_precision;
mod column_name_not_snake_case;
mod destructive_change;
mod duplicate_object;
mod duplicate_table;
mod edited_migration;
mod index_name_convention;
mod invalid_baseline;
mod invalid_default;
mod invalid_expression;
mod invalid_policy;
mod invalid_request;
mod invalid_sql;
mod jsonb_without_gin_index;
mod limit_exceeded;
mod missing_created_at;
mod missing_justification;
mod missing_primary_key;
mod missing_updated_at;
mod multiple_primary_keys;
mod needs_newer_version;
mod primary_key_not_uuid;
mod sql_blocking_index;
mod sql_bypasses_request;
mod sql_cascade;
mod sql_unbounded_write;
mod sql_unlisted_object;
mod stale_migration;
mod table_name_not_plural;
mod table_name_not_snake_case;
mod timestamp_without_time_zone;
mod undeclared_object;
mod unindexed_common_column;
mod unindexed_foreign_key;
mod unknown_reference;
mod unknown_type;
mod unrecognised_file;
mod unsupported_change;
mod uuid_primary_key_without_default;
mod varchar_instead_of_text;

use super::Rule;

/// Sorted by id.
pub(super) const RULES: &[&Rule] = &[
    &bigint_precision::RULE,
    &column_name_not_snake_case::RULE,
    &destructive_change::RULE,
    &duplicate_object::RULE,
    &duplicate_table::RULE,
    &edited_migration::RULE,
    &index_name_convention::RULE,
    &invalid_baseline::RULE,
    &invalid_default::RULE,
    &invalid_expression::RULE,
    &invalid_policy::RULE,
    &invalid_request::RULE,
    &invalid_sql::RULE,
    &jsonb_without_gin_index::RULE,
    &limit_exceeded::RULE,
    &missing_created_at::RULE,
    &missing_justification::RULE,
    &missing_primary_key::RULE,
    &missing_updated_at::RULE,
    &multiple_primary_keys::RULE,
    &needs_newer_version::RULE,
    &primary_key_not_uuid::RULE,
    &sql_blocking_index::RULE,
    &sql_bypasses_request::RULE,
    &sql_cascade::RULE,
    &sql_unbounded_write::RULE,
    &sql_unlisted_object::RULE,
    &stale_migration::RULE,
    &table_name_not_plural::RULE,
    &table_name_not_snake_case::RULE,
    &timestamp_without_time_zone::RULE,
    &undeclared_object::RULE,
    &unindexed_common_column::RULE,
    &unindexed_foreign_key::RULE,
    &unknown_reference::RULE,
    &unknown_type::RULE,
    &unrecognised_file::RULE,
    &unsupported_change::RULE,
    &uuid_primary_key_without_default::RULE,
    &varchar_instead_of_text::RULE,
];
