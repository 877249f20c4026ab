use super::*;

#[test]
fn statements_are_told_apart() {
    let set = |name: &str, value: Option<&str>| Said::Set { name: name.into(), value: value.map(Into::into) };
    for (text, want) in [
        ("SELECT 1", Said::Query),
        ("with a as (select 1) select * from a", Said::Query),
        ("SHOW TABLES", Said::Query),
        ("show columns from events", Said::Query),
        ("INSERT INTO events VALUES (1)", Said::Query),
        (" -- hello\nBEGIN;", Said::Begin),
        ("START TRANSACTION READ ONLY", Said::Begin),
        ("COMMIT", Said::End("COMMIT")),
        ("ROLLBACK TO SAVEPOINT a", Said::Done("ROLLBACK")),
        ("rollback", Said::End("ROLLBACK")),
        ("SET statement_timeout = '5s'", set("statement_timeout", Some("5s"))),
        ("SET SESSION search_path TO public", set("search_path", Some("public"))),
        ("set local x to default", set("x", None)),
        ("SET TIME ZONE 'Europe/Berlin'", set("timezone", Some("Europe/Berlin"))),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", Said::Done("SET")),
        ("RESET ALL", Said::ResetAll),
        ("SHOW TRANSACTION ISOLATION LEVEL", Said::Show("transaction_isolation".into())),
        ("SHOW server_version", Said::Show("server_version".into())),
        ("DISCARD ALL", Said::Discard),
        ("DEALLOCATE ALL", Said::Deallocate(None)),
        ("DEALLOCATE \"a1\"", Said::Deallocate(Some("a1".into()))),
    ] {
        assert_eq!(said(text), want, "{text}");
    }
    for strange in ["", "SET", "SHOW", "RESET", "SET TIME ZONE", "set x", "DEALLOCATE", ";", "é"] {
        said(strange);
    }
}

#[test]
fn settings_are_kept_and_what_changes_values_is_not() {
    let mut settings = Settings::default();
    settings.set("statement_timeout".into(), Some("2min".into())).unwrap();
    assert_eq!(settings.timeout(), Some(Duration::from_secs(120)));
    settings.set("timezone".into(), Some("Europe/Berlin".into())).unwrap();
    assert_eq!(settings.show("timezone"), Ok("UTC"));
    assert_eq!(settings.set("statement_timeout".into(), Some("soon".into())).unwrap_err().code, code::VALUE);
    assert_eq!(settings.show("nothing").unwrap_err().code, code::UNKNOWN_SETTING);
    settings.reset();
    assert_eq!(settings.timeout(), None);
    let long = "x".repeat(SETTINGS_BYTES_MAX);
    assert_eq!(settings.set("a".into(), Some(long)).unwrap_err().code, code::LIMIT);
}
