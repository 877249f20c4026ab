//! The tables of `pg_catalog` and `information_schema`: which there are, and what columns they have.
//!
//! A column is `name:type`, with `b` boolean, `i` bigint, `t` text, `l` a list of text, `f` a float. Those of [`EMPTY`] never
//! have a row: there is no index, no constraint, no trigger.

/// Tables that have rows.
pub(super) const FILLED: &[(&str, &str)] = &[
    ("pg_namespace", "oid:i nspname:t nspowner:i nspacl:l"),
    (
        "pg_class",
        "oid:i relname:t relnamespace:i reltype:i reloftype:i relowner:i relam:i relfilenode:i reltablespace:i \
         relpages:i reltuples:f relallvisible:i reltoastrelid:i relhasindex:b relisshared:b relpersistence:t relkind:t \
         relnatts:i relchecks:i relhasrules:b relhastriggers:b relhassubclass:b relrowsecurity:b \
         relforcerowsecurity:b relispopulated:b relreplident:t relispartition:b relrewrite:i relacl:l reloptions:l \
         relpartbound:t relhasoids:b",
    ),
    (
        "pg_attribute",
        "attrelid:i attname:t atttypid:i attstattarget:i attlen:i attnum:i attndims:i attcacheoff:i atttypmod:i \
         attbyval:b attalign:t attstorage:t attcompression:t attnotnull:b atthasdef:b atthasmissing:b attidentity:t \
         attgenerated:t attisdropped:b attislocal:b attinhcount:i attcollation:i attacl:l attoptions:l attfdwoptions:l",
    ),
    (
        "pg_type",
        "oid:i typname:t typnamespace:i typowner:i typlen:i typbyval:b typtype:t typcategory:t typispreferred:b \
         typisdefined:b typdelim:t typrelid:i typsubscript:t typelem:i typarray:i typinput:t typreceive:t \
         typnotnull:b typbasetype:i typtypmod:i typndims:i typcollation:i typdefault:t typacl:l",
    ),
    (
        "pg_database",
        "oid:i datname:t datdba:i encoding:i datlocprovider:t datistemplate:b datallowconn:b datconnlimit:i \
         dattablespace:i datcollate:t datctype:t daticulocale:t datcollversion:t datacl:l",
    ),
    (
        "pg_roles",
        "oid:i rolname:t rolsuper:b rolinherit:b rolcreaterole:b rolcreatedb:b rolcanlogin:b rolreplication:b \
         rolconnlimit:i rolpassword:t rolvaliduntil:t rolbypassrls:b rolconfig:l",
    ),
    (
        "pg_user",
        "usename:t usesysid:i usecreatedb:b usesuper:b userepl:b usebypassrls:b passwd:t valuntil:t useconfig:l",
    ),
    ("pg_am", "oid:i amname:t amhandler:t amtype:t"),
    (
        "pg_tables",
        "schemaname:t tablename:t tableowner:t tablespace:t hasindexes:b hasrules:b hastriggers:b rowsecurity:b",
    ),
    ("pg_settings", "name:t setting:t unit:t category:t short_desc:t source:t"),
];

/// Tables that never have a row.
pub(super) const EMPTY: &[(&str, &str)] = &[
    ("pg_attrdef", "oid:i adrelid:i adnum:i adbin:t"),
    ("pg_description", "objoid:i classoid:i objsubid:i description:t"),
    ("pg_shdescription", "objoid:i classoid:i description:t"),
    (
        "pg_index",
        "indexrelid:i indrelid:i indnatts:i indisunique:b indisprimary:b indisclustered:b indisvalid:b indisreplident:b indisexclusion:b indimmediate:b indkey:l indpred:t indexprs:t indoption:l",
    ),
    (
        "pg_constraint",
        "oid:i conname:t connamespace:i contype:t condeferrable:b condeferred:b convalidated:b conrelid:i contypid:i conindid:i conparentid:i confrelid:i confupdtype:t confdeltype:t conkey:l confkey:l",
    ),
    (
        "pg_proc",
        "oid:i proname:t pronamespace:i proowner:i prokind:t prorettype:i proargtypes:l prosrc:t proretset:b",
    ),
    ("pg_inherits", "inhrelid:i inhparent:i inhseqno:i inhdetachpending:b"),
    ("pg_collation", "oid:i collname:t collnamespace:i collprovider:t collcollate:t collctype:t"),
    ("pg_enum", "oid:i enumtypid:i enumsortorder:f enumlabel:t"),
    ("pg_range", "rngtypid:i rngsubtype:i rngmultitypid:i rngcollation:i rngsubopc:i"),
    (
        "pg_trigger",
        "oid:i tgrelid:i tgparentid:i tgname:t tgenabled:t tgisinternal:b tgconstraint:i tgfoid:i",
    ),
    ("pg_policy", "oid:i polname:t polrelid:i polcmd:t polpermissive:b polroles:l polqual:t polwithcheck:t"),
    ("pg_rewrite", "oid:i rulename:t ev_class:i ev_type:t ev_enabled:t is_instead:b"),
    (
        "pg_statistic_ext",
        "oid:i stxrelid:i stxname:t stxnamespace:i stxowner:i stxstattarget:i stxkeys:l stxkind:l",
    ),
    ("pg_publication", "oid:i pubname:t pubowner:i puballtables:b"),
    ("pg_publication_rel", "oid:i prpubid:i prrelid:i prqual:t prattrs:l"),
    ("pg_publication_namespace", "oid:i pnpubid:i pnnspid:i"),
    ("pg_foreign_table", "ftrelid:i ftserver:i ftoptions:l"),
    ("pg_foreign_server", "oid:i srvname:t srvowner:i srvfdw:i"),
    ("pg_partitioned_table", "partrelid:i partstrat:t partnatts:i partdefid:i"),
    ("pg_sequence", "seqrelid:i seqtypid:i seqstart:i seqincrement:i"),
    ("pg_views", "schemaname:t viewname:t viewowner:t definition:t"),
    ("pg_matviews", "schemaname:t matviewname:t matviewowner:t hasindexes:b ispopulated:b definition:t"),
    ("pg_indexes", "schemaname:t tablename:t indexname:t tablespace:t indexdef:t"),
    ("pg_tablespace", "oid:i spcname:t spcowner:i spcacl:l spcoptions:l"),
    ("pg_auth_members", "roleid:i member:i grantor:i admin_option:b"),
    ("pg_db_role_setting", "setdatabase:i setrole:i setconfig:l"),
    ("pg_extension", "oid:i extname:t extowner:i extnamespace:i extrelocatable:b extversion:t"),
    ("pg_event_trigger", "oid:i evtname:t evtevent:t evtowner:i evtfoid:i evtenabled:t"),
    ("pg_language", "oid:i lanname:t lanowner:i"),
    ("pg_depend", "classid:i objid:i objsubid:i refclassid:i refobjid:i refobjsubid:i deptype:t"),
    ("pg_operator", "oid:i oprname:t oprnamespace:i"),
    ("pg_locks", "locktype:t database:i relation:i pid:i mode:t granted:b"),
    ("pg_stat_activity", "datid:i datname:t pid:i usename:t application_name:t state:t query:t"),
];

/// The tables of `information_schema`; the first three have rows.
pub(super) const INFORMATION: &[(&str, &str)] = &[
    ("schemata", "catalog_name:t schema_name:t schema_owner:t"),
    ("tables", "table_catalog:t table_schema:t table_name:t table_type:t is_insertable_into:t"),
    (
        "columns",
        "table_catalog:t table_schema:t table_name:t column_name:t ordinal_position:i column_default:t is_nullable:t \
         data_type:t character_maximum_length:i numeric_precision:i numeric_scale:i datetime_precision:i udt_catalog:t \
         udt_schema:t udt_name:t is_identity:t is_generated:t is_updatable:t",
    ),
    ("views", "table_catalog:t table_schema:t table_name:t view_definition:t"),
    (
        "table_constraints",
        "constraint_schema:t constraint_name:t table_schema:t table_name:t constraint_type:t",
    ),
    (
        "key_column_usage",
        "constraint_schema:t constraint_name:t table_schema:t table_name:t column_name:t ordinal_position:i",
    ),
    ("routines", "routine_schema:t routine_name:t routine_type:t data_type:t"),
];

/// Whether `pg_catalog` has a table of this name.
pub(super) fn is_known(name: &str) -> bool {
    FILLED.iter().chain(EMPTY).any(|(known, _)| *known == name)
}

/// Whether a table never has a row.
pub(super) fn is_empty(name: &str) -> bool {
    EMPTY.iter().any(|(known, _)| *known == name)
}
