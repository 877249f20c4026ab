//! Every example of the guide can be copied, also with its comments switched on.

use super::*;
use tacho_deliver::KINDS;

/// The blocks of the page that list channels.
fn examples() -> Vec<String> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/channels.md"))
        .unwrap();
    let mut blocks = vec![String::new()];
    for line in page.lines() {
        match line.strip_prefix("    ") {
            Some(line) => blocks.last_mut().unwrap().push_str(&format!("{line}\n")),
            None => blocks.push(String::new()),
        }
    }
    blocks.retain(|block| block.lines().next().is_some_and(|line| line.ends_with("_configs:")));
    blocks
}

/// `# key: value   # words` becomes `key: value   # words`.
fn switched_on(block: &str) -> String {
    let lines = block.lines().map(|line| {
        let (space, rest) = line.split_at(line.len() - line.trim_start().len());
        let setting = rest
            .strip_prefix("# ")
            .filter(|rest| rest.split_once(": ").is_some_and(|(key, _)| !key.contains(' ')));
        setting.map_or_else(|| line.to_string(), |setting| format!("{space}{setting}"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn kept(kept: Kept<'_>) -> Result<String, String> {
    let (Kept::File(place) | Kept::Environment(place)) = kept;
    Ok(match place {
        "/run/secrets/slack" => "https://hooks.slack.com/services/T0/B0/x",
        "/run/secrets/teams" => "https://prod.example.com/workflows/x",
        "/run/secrets/webhook" => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "/run/secrets/telegram" => "12:ab",
        _ => "hush0123",
    }
    .to_string())
}

fn channels(block: &str) -> Vec<Channel> {
    let channels: serde_json::Map<String, Value> =
        serde_saphyr::from_str(block).unwrap_or_else(|e| panic!("{e}\n{block}"));
    let receiver = Receiver { name: "guide".into(), schedule: None, channels };
    tacho_deliver::read(&receiver, &Value::Null, &kept).unwrap_or_else(|errors| panic!("{errors:?}\n{block}"))
}

#[test]
fn every_example_can_be_copied_and_every_kind_has_one() {
    let examples = examples();
    for kind in KINDS {
        assert!(
            examples.iter().any(|block| block.contains(&format!("{}:", kind.key))),
            "{} has no example",
            kind.key
        );
    }
    for block in &examples {
        for channel in channels(block).iter().chain(&channels(&switched_on(block))) {
            let first = step(channel, &message(Notice::Firing), None, &[]);
            assert!(matches!(first, Step::Call(_)) || channel.kind == "dashboard", "{block}: {first:?}");
        }
    }
}
