//! Parameters that VictoriaLogs' clients send.

use crate::common::{NOW_US, Taken, take_with};
use tacho_ingest::mapping::{DOTS_MAX, MappingError, NAMES_MAX, PARAMETER_BYTES_MAX, PLACES_MAX, Parameters};
use tacho_ingest::{Mapping, Options};
use tacho_redact::minimise::Minimisation;

const NONE: Parameters<'static> =
    Parameters { time_field: None, msg_field: None, extra_fields: None, ignore_fields: None };

fn taken(body: &str, parameters: &Parameters<'_>) -> Taken {
    let mapping = Mapping::new(parameters).unwrap();
    let options = Options { mapping: Some(&mapping), ..Options::default() };
    take_with(body.as_bytes(), &options, Minimisation::default())
}

/// Message, and what has no place of its own.
fn texts(body: &str, parameters: &Parameters<'_>) -> (String, String) {
    let taken = taken(body, parameters);
    let text = |at: usize| taken.one().texts[at].unwrap_or("-").to_string();
    (text(0), text(5))
}

#[test]
fn the_documented_example_has_its_message_and_the_time_of_arrival() {
    let body = r#"{ "log": { "level": "info", "message": "hello world" }, "date": "0", "stream": "stream1" }
{ "log": { "level": "error", "message": "oh no!" }, "date": 0, "stream": "stream1" }
{ "log": { "level": "info", "message": "later" }, "date": "2026-11-20T10:30:15Z", "stream": "stream2" }
"#;
    let named = Parameters { time_field: Some("date"), msg_field: Some("log.message"), ..NONE };
    let taken = taken(body, &named);
    let events = taken.events();
    let told: Vec<_> =
        events.iter().map(|e| (e.texts[0].unwrap(), e.header.time_claimed, e.texts[5].unwrap())).collect();
    assert_eq!(
        told,
        [
            ("\"hello world\"", false, r#"{"log":{"level":"info"},"date":"0","stream":"stream1"}"#),
            ("\"oh no!\"", false, r#"{"log":{"level":"error"},"date":0,"stream":"stream1"}"#),
            ("\"later\"", true, r#"{"log":{"level":"info"},"stream":"stream2"}"#),
        ]
    );
    assert_eq!((events[0].header.timestamp_us, events[1].header.timestamp_us), (NOW_US, NOW_US));
}

#[test]
fn zero_is_the_time_of_arrival_under_the_usual_names_as_well() {
    let taken = taken(r#"{"_time":"0","_msg":"x"}"#, &NONE);
    let event = taken.one();
    assert_eq!((event.header.timestamp_us, event.header.time_claimed), (NOW_US, false));
}

#[test]
fn a_name_is_a_members_own_before_it_is_a_path_and_the_first_that_is_there_counts() {
    let named = |names| Parameters { msg_field: Some(names), ..NONE };
    for (body, names, want) in [
        (r#"{"a.b":"own","a":{"b":"path"}}"#, "a.b", ("\"own\"", r#"{"a":{"b":"path"}}"#)),
        (r#"{"a":{"b.c":"x","d":1}}"#, "a.b.c", ("\"x\"", r#"{"a":{"d":1}}"#)),
        (r#"{"n":"second"}"#, "m, n", ("\"second\"", "-")),
        (r#"{"m":"","n":"second"}"#, "m,n", ("\"second\"", r#"{"m":""}"#)),
        (r#"{"n":"second","m":"first"}"#, "m,n", ("\"first\"", r#"{"n":"second"}"#)),
        (r#"{"m":"x","_msg":"its own"}"#, "m", ("\"its own\"", r#"{"m":"x"}"#)),
        (r#"{"a":"no object"}"#, "a.b", ("-", r#"{"a":"no object"}"#)),
        (r#"{"q\"x":{"y":"z"}}"#, "q\"x.y", ("\"z\"", r#"{"q\"x":{}}"#)),
    ] {
        let (message, extra) = texts(body, &named(names));
        assert_eq!((message.as_str(), extra.as_str()), want, "{body} {names}");
    }
}

#[test]
fn names_without_dots_do_the_same_to_what_was_read_as_to_the_text() {
    let bodies = [
        r#"{"id":"38429814-e0d5-4d57-98b3-9d8066e2d968","timestamp":"2026-10-22T00:00:09.045Z","agent":{"id":"a"},
            "action":{"type":"tool","name":"Write"}}"#,
        r#"{"m":{"deep":{"er":1}},"date":"2026-10-22T00:00:09Z","n":"x","rest":[1,{"a":2}]}"#,
        r#"{"date":"soon","m":"","n":null}"#,
        r#"{"_time":"2026-10-22T00:00:09Z","date":"2026-10-23T00:00:09Z","_msg":"own","m":"other"}"#,
        r#"{"d\u0061te":1792627209,"m":"escaped"}"#,
        r#"{"m":"both","both":"2026-10-22T00:00:09Z"}"#,
        r#"{"m":1,"m":2}"#,
        "[1]",
    ];
    // Of each event all but its commitment, which has a salt of its own.
    let told = |taken: &Taken| -> Vec<String> {
        let mut events = taken.events();
        events.iter_mut().for_each(|event| event.header.body = Default::default());
        events.iter().map(|event| format!("{event:?}")).collect()
    };
    let named = [("date", "m"), ("timestamp,date", "n,m"), ("_time,date", "_msg,m"), ("both", "both,m")];
    for (time, message) in named {
        // A name with a dot, which leads nowhere here, has the text written anew.
        let rewriting = (format!("{time},no.such"), format!("{message},no.such"));
        let renamed = Parameters { time_field: Some(time), msg_field: Some(message), ..NONE };
        let rewritten = Parameters { time_field: Some(&rewriting.0), msg_field: Some(&rewriting.1), ..NONE };
        for body in bodies {
            let body = body.replace('\n', "");
            let (one, other) = (taken(&body, &renamed), taken(&body, &rewritten));
            assert_eq!(one.tally, other.tally, "{body} {time} {message}");
            assert_eq!(told(&one), told(&other), "{body} {time} {message}");
        }
    }
}

#[test]
fn a_time_that_cant_be_read_stays_where_it_was() {
    let named = Parameters { time_field: Some("date"), ..NONE };
    assert_eq!(texts(r#"{"date":"soon"}"#, &named).1, r#"{"date":"soon"}"#);
    let taken = taken(r#"{"timestamp":"2020-01-01T00:00:00Z","date":"2026-11-20T10:30:15Z"}"#, &named);
    assert_eq!(taken.one().header.timestamp_us, 1_795_170_615_000_000);
}

#[test]
fn extra_fields_stand_in_every_event_and_ignored_ones_in_none() {
    let named = Parameters {
        extra_fields: Some("env=prod,agent_id=shipper, note=a=b \"c\""),
        ignore_fields: Some("x,y*,log.token,z.*"),
        ..NONE
    };
    let body = r#"{"env":"dev","x":1,"xx":2,"y":3,"yes":4,"log":{"token":"t","n":1},"z":{"p":1,"q":2}}
{"k":1}
"#;
    let taken = taken(body, &named);
    let events = taken.events();
    let extras: Vec<_> = events.iter().map(|event| event.texts[5].unwrap()).collect();
    assert_eq!(
        extras,
        [
            r#"{"env":"prod","note":"a=b \"c\"","xx":2,"log":{"n":1},"z":{}}"#,
            r#"{"env":"prod","note":"a=b \"c\"","k":1}"#,
        ]
    );
    assert!(events.iter().all(|event| event.header.agent == "shipper"));
}

#[test]
fn parameters_that_cant_be_meant_say_why() {
    let extra = |text| Mapping::new(&Parameters { extra_fields: Some(text), ..NONE }).err();
    assert_eq!(extra("env"), Some(MappingError::Value("env".into())));
    assert_eq!(extra("=prod"), Some(MappingError::Value("=prod".into())));
    assert_eq!(extra("a=1,a=2"), Some(MappingError::Twice("a".into())));
    assert_eq!(extra(",, a=1.2.3 ,"), None);
    let ignore = |text: &str| Mapping::new(&Parameters { ignore_fields: Some(text), ..NONE }).err();
    let many = "a,".repeat(NAMES_MAX + 1);
    assert_eq!(ignore(&many), Some(MappingError::Many("ignore_fields", NAMES_MAX + 1, NAMES_MAX)));
    let places = Mapping::new(&Parameters { msg_field: Some("a,b,c,d,e,f,g,h,i"), ..NONE }).err();
    assert_eq!(places, Some(MappingError::Many("_msg_field", PLACES_MAX + 1, PLACES_MAX)));
    let deep = "a.".repeat(DOTS_MAX + 1);
    assert_eq!(ignore(&deep), Some(MappingError::Deep("ignore_fields", DOTS_MAX + 1)));
    let long = "a".repeat(PARAMETER_BYTES_MAX + 1);
    assert_eq!(ignore(&long), Some(MappingError::Long("ignore_fields", PARAMETER_BYTES_MAX + 1)));
}

#[test]
fn limits_and_bad_lines_are_as_without_parameters() {
    let named = Parameters { extra_fields: Some("env=prod"), ignore_fields: Some("*"), ..NONE };
    let taken = taken("nonsense\n{\"a\":1,\"a\":2}\n{\"b\":\n{\"c\":1}\n", &named);
    assert_eq!((taken.tally.accepted_lines, taken.tally.refused_lines), (1, 3));
    assert_eq!(taken.one().texts[5], Some(r#"{"env":"prod"}"#));
}

const WHOLE: &str = r#"{"a":{"b":{"c":1},"b.c":2},"a.b":{"c":3},"b":null,"c":{}}"#;

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(32))]
    #[test]
    fn any_parameters_leave_whole_json(names in "[a-c.,*=\"\\\\ ]{0,20}", body in "[a-c.{}:,\"\\\\1]{0,40}") {
        for body in [body.as_str(), WHOLE] {
            let names = Some(names.as_str());
            let all =
                Parameters { time_field: names, msg_field: names, extra_fields: names, ignore_fields: names };
            for named in [all, Parameters { extra_fields: None, ..all }, Parameters { msg_field: names, ..NONE }] {
                let Ok(mapping) = Mapping::new(&named) else { continue };
                let options = Options { mapping: Some(&mapping), ..Options::default() };
                let taken = take_with(body.as_bytes(), &options, Minimisation::default());
                for text in taken.events().iter().flat_map(|event| event.texts).flatten() {
                    proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(text).is_ok());
                }
                proptest::prop_assert!(body != WHOLE || taken.tally.accepted_lines == 1);
            }
        }
    }
}
