//! What PostgreSQL 15 and later have without any extension: types, and the functions that may not stand everywhere.
//!
//! Listed from `pg_type` and `pg_proc` of PostgreSQL 15; a type added since 12 has its version beside it.
//! Sources: <https://www.postgresql.org/docs/current/datatype.html>, <https://www.postgresql.org/docs/current/functions.html>

/// The name that the serial family is folded to; `None` for other types.
/// Source: <https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-SERIAL>
pub(super) fn serial(name: &str) -> Option<&'static str> {
    match name {
        "serial" | "serial4" => Some("serial"),
        "bigserial" | "serial8" => Some("bigserial"),
        "smallserial" | "serial2" => Some("smallserial"),
        _ => None,
    }
}

/// Major version since which a type of `pg_catalog` exists (0: since long); `None` for types that are not built in.
pub(super) fn type_since(name: &str) -> Option<u32> {
    let list = |names: &str| names.split_whitespace().any(|known| known == name);
    match name {
        "jsonpath" => Some(12),
        "xid8" | "pg_snapshot" | "regcollation" => Some(13),
        _ if name.ends_with("multirange") && list(MULTIRANGES) => Some(14),
        _ => list(TYPES).then_some(0),
    }
}

/// The spelling of `format_type` where it is not `quote_ident` of the name in `pg_type`.
pub(super) fn spelling(name: &str) -> Option<&'static str> {
    Some(match name {
        "bool" => "boolean",
        "bpchar" => "character",
        "float4" => "real",
        "float8" => "double precision",
        "int2" => "smallint",
        "int4" => "integer",
        "int8" => "bigint",
        "time" => "time without time zone",
        "timetz" => "time with time zone",
        "timestamp" => "timestamp without time zone",
        "timestamptz" => "timestamp with time zone",
        "varbit" => "bit varying",
        "varchar" => "character varying",
        "bit" => "bit",
        "interval" => "interval",
        "numeric" => "numeric",
        "json" => "json",
        _ => return None,
    })
}

const TYPES: &str = "
    aclitem bit bool box bpchar bytea char cid cidr circle date daterange float4 float8 inet int2 int2vector int4
    int4range int8 int8range interval json jsonb line lseg macaddr macaddr8 money name numeric numrange oid oidvector
    path pg_lsn point polygon refcursor regclass regconfig regdictionary regnamespace regoper regoperator regproc
    regprocedure regrole regtype text tid time timestamp timestamptz timetz tsquery tsrange tstzrange tsvector
    txid_snapshot uuid varbit varchar xid xml";

const MULTIRANGES: &str = "datemultirange int4multirange int8multirange nummultirange tsmultirange tstzmultirange";

/// What keeps a function out of an expression, if something does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Many rows in, one value out.
    Aggregate,
    /// Needs `OVER`.
    Window,
    /// One value in, many rows out.
    SetReturning,
    /// Reads or writes what is outside of the row: files, settings, other tables, other servers.
    ReachesOut,
    /// Moves a sequence or reads where it stands.
    Sequence,
    /// Every variant of it is stable or volatile.
    NotImmutable,
}

/// The kind of a function of `pg_catalog`; `None` for harmless ones and for those of extensions and users.
pub(super) fn function_kind(name: &str) -> Option<Kind> {
    let list = |names: &str| names.split_whitespace().any(|known| known == name);
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    if list(AGGREGATES) {
        Some(Kind::Aggregate)
    } else if list(WINDOW) {
        Some(Kind::Window)
    } else if list(SET_RETURNING) {
        Some(Kind::SetReturning)
    } else if list("nextval currval lastval") {
        Some(Kind::Sequence)
    } else if list(REACHES_OUT) || (starts(REACHES_OUT_PREFIXES) && !list(HARMLESS_PG)) {
        Some(Kind::ReachesOut)
    } else {
        list(NOT_IMMUTABLE).then_some(Kind::NotImmutable)
    }
}

const AGGREGATES: &str = "
    any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every json_agg
    json_agg_strict json_arrayagg json_object_agg json_object_agg_strict json_object_agg_unique
    json_object_agg_unique_strict json_objectagg jsonb_agg jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict
    jsonb_object_agg_unique jsonb_object_agg_unique_strict max min mode percentile_cont percentile_disc range_agg
    range_intersect_agg regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
    stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance xmlagg";

const WINDOW: &str =
    "cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number";

const SET_RETURNING: &str = "
    _pg_expandarray aclexplode generate_series generate_subscripts json_array_elements json_array_elements_text
    json_each json_each_text json_object_keys json_populate_recordset json_to_recordset jsonb_array_elements
    jsonb_array_elements_text jsonb_each jsonb_each_text jsonb_object_keys jsonb_path_query jsonb_path_query_tz
    jsonb_populate_recordset jsonb_to_recordset regexp_matches regexp_split_to_table string_to_table ts_debug ts_parse
    ts_stat ts_token_type txid_snapshot_xip unnest";

const REACHES_OUT_PREFIXES: &[&str] =
    &["pg_", "lo_", "dblink", "postgres_fdw_", "binary_upgrade_", "brin_", "RI_FKey_", "plpgsql_", "fmgr_"];

/// Functions that start with `pg_` and look at nothing but their arguments.
const HARMLESS_PG: &str = "pg_collation_for pg_column_size pg_input_is_valid pg_size_bytes pg_size_pretty pg_typeof";

const REACHES_OUT: &str = "
    cursor_to_xml cursor_to_xmlschema database_to_xml database_to_xml_and_xmlschema database_to_xmlschema
    gin_clean_pending_list loread lowrite query_to_xml query_to_xml_and_xmlschema query_to_xmlschema schema_to_xml
    schema_to_xml_and_xmlschema schema_to_xmlschema set_config setseed setval table_to_xml table_to_xml_and_xmlschema
    table_to_xmlschema ts_rewrite";

const NOT_IMMUTABLE: &str = "
    array_to_json array_to_string clock_timestamp col_description concat concat_ws convert convert_from convert_to
    current_database current_query current_schema current_schemas current_setting enum_first enum_last enum_range format
    format_type gen_random_uuid get_current_ts_config getdatabaseencoding getpgusername has_any_column_privilege
    has_column_privilege has_database_privilege has_function_privilege has_schema_privilege has_sequence_privilege
    has_table_privilege inet_client_addr inet_client_port inet_server_addr inet_server_port json_build_array
    json_build_object json_populate_record json_to_record jsonb_build_array jsonb_build_object jsonb_path_exists_tz
    jsonb_path_match_tz jsonb_path_query_array_tz jsonb_path_query_first_tz jsonb_populate_record jsonb_to_record
    make_timestamptz now obj_description random random_normal regclass row_security_active row_to_json shobj_description
    statement_timestamp timeofday to_char to_date to_json to_jsonb to_number to_regclass to_regcollation to_regnamespace
    to_regoper to_regoperator to_regproc to_regprocedure to_regrole to_regtype transaction_timestamp txid_current
    txid_current_if_assigned txid_current_snapshot txid_status uuidv4 uuidv7 version xml_is_well_formed";

/// Whether a function gives the same value throughout a statement: those of `pg_catalog` that people write in defaults,
/// without a volatile variant in `pg_proc`.
pub(super) fn is_steady(name: &str) -> bool {
    STEADY.split_whitespace().any(|known| known == name)
}

const STEADY: &str = "
    abs array_append array_cat array_fill array_length array_prepend array_to_json array_to_string btrim ceil char_length
    chr coalesce concat concat_ws current_catalog current_database current_date current_role current_schema
    current_setting current_time current_timestamp current_user date_part date_trunc decode encode extract floor format
    greatest int4range int8range numrange tsrange tstzrange daterange json_build_array json_build_object
    jsonb_build_array jsonb_build_object least left length localtime localtimestamp lower lpad ltrim make_date
    make_interval make_time make_timestamp make_timestamptz md5 mod now octet_length overlay point power repeat replace
    reverse right round rpad rtrim session_user sha224 sha256 sha384 sha512 sign split_part sqrt statement_timestamp
    string_to_array strpos substr substring timezone to_char to_date to_json to_jsonb to_number to_timestamp
    to_tsvector to_tsquery transaction_timestamp translate trim trunc upper user width_bucket";
