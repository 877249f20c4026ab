//! Golden vectors of the entry: these bytes never change.

use super::*;

fn header() -> Header<'static> {
    Header {
        id: Id([0x11; 16]),
        timestamp_us: 1_735_813_815_123_000,
        time_claimed: true,
        agent: "ops/release-manager",
        agent_version: None,
        session: Some(Id([0x22; 16])),
        producer_seq: None,
        call: Some("toolu_1"),
        parent: None,
        phase: Some(Phase::Result),
        action_type: ActionType::Tool,
        action_name: "Bash",
        class: Class::Standard,
        level: Level::Info,
        outcome: Outcome::Success,
        known: Known::Observed,
        source: "http",
        writer: [0xab; 8],
        retention: Class::Standard,
        period: Day(20_090),
        subject: None,
        body: [0xcd; 32],
    }
}

#[test]
fn golden_bytes_of_version_one() {
    let place = Place { time_us: 1_735_813_815_200_001, session_seq: Some(7), revision: 0 };
    let mut out = Vec::new();
    render(&header(), &place, &mut out);
    let want = concat!(
        r#"{"action":"Bash","agent":"ops/release-manager","body":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"#,
        r#"cdcdcdcdcdcdcdcdcdcdcdcdcd","call":"toolu_1","claimed":1735813815123000,"class":"standard","id":"#,
        r#""11111111-1111-1111-1111-111111111111","known":"observed","level":"INFO","outcome":"success","pe"#,
        r#"riod":"2025-01-02","phase":"result","retention":"standard","session":"22222222-2222-2222-2222-22"#,
        r#"2222222222","session_seq":7,"source":"http","time":1735813815200001,"type":"tool","v":1,"writer""#,
        r#":"abababababababab"}"#
    );
    assert_eq!(String::from_utf8(out).unwrap(), want);
}

#[test]
fn golden_bytes_with_every_member() {
    let full = Header {
        agent_version: Some("1.2.0"),
        producer_seq: Some(9),
        parent: Some("toolu_0"),
        subject: Some([0xef; 16]),
        ..header()
    };
    let mut out = Vec::new();
    render(&full, &Place { time_us: 5, session_seq: Some(0), revision: 2 }, &mut out);
    let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let members: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert!(members.windows(2).all(|pair| pair[0] < pair[1]), "{members:?}");
    assert_eq!(members.len(), 25);
    // serde_json keeps sorted members and integers: writing it again must give the same bytes.
    assert_eq!(serde_json::to_vec(&value).unwrap(), out);
}

proptest::proptest! {
    #[test]
    fn strings_are_what_serde_reads(text in ".*") {
        let mut out = Vec::new();
        push_string(&text, &mut out);
        proptest::prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }

    #[test]
    fn integers_are_what_serde_reads(value: i64) {
        let mut out = Vec::new();
        push_int(value, &mut out);
        proptest::prop_assert_eq!(serde_json::from_slice::<i64>(&out).unwrap(), value);
    }
}
