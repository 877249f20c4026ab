//! What waits for a second person: silences, maintenance windows and edits of critical built-in rules.

use super::ask::{get, post, say, text};
use crate::commands::Arguments;
use crate::commands::read::{segment, table};
use crate::exit::Ended;
use serde_json::{Value, json};
use std::error::Error;

/// Where something waits: its list, the name of the list, and what it is called.
const PLACES: [(&str, &str, &str); 3] = [
    ("/v1/alerts/silences", "silences", "silence"),
    ("/v1/alerts/maintenance", "windows", "maintenance"),
    ("/v1/alerts/rules/edits", "edits", "edit"),
];

/// Agrees with what waits under an id, or lists all that waits.
pub(super) fn run(arguments: &Arguments, id: Option<&str>, by: Option<&str>) -> Result<bool, Box<dyn Error>> {
    let mut shown = table(&["what", "of", "by", "why", "until", "id"]);
    let mut all = 0;
    for (path, list, what) in PLACES {
        let answer = get(arguments, path)?;
        let waiting = answer[list].as_array().into_iter().flatten().filter(|one| one["state"] == "waiting");
        for one in waiting {
            if Some(text(one, "id").as_str()) == id {
                let made = post(
                    arguments,
                    &format!("{path}/{}/approve", segment(&text(one, "id"))),
                    &json!({"by": by}),
                )?;
                return say(&agreed(what, &made));
            }
            all += 1;
            let (of, why) = about(one);
            shown.add_row([what.into(), of, text(one, "by"), why, text(one, "ends_at"), text(one, "id")]);
        }
    }
    match id {
        None if all == 0 => say("nothing waits for a second person"),
        None => {
            say(&format!("{shown}\ntachograph alerts approve ID agrees, with another key than whoever asked"))
        }
        Some(id) => Err(Box::new(Ended::Absent(format!(
            "nothing waits for a second person under \"{id}\": `tachograph alerts approve` lists what does"
        )))),
    }
}

/// What it would mute or change, and why.
fn about(one: &Value) -> (String, String) {
    let names = |list: &str| -> Vec<&str> {
        one[list].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    };
    match &one["file"] {
        Value::Null => (names("matchers").join(" "), text(one, "comment")),
        _ if one["text"].is_string() => (names("rules").join(" "), format!("saves {}", text(one, "file"))),
        _ => (names("rules").join(" "), format!("takes {} away", text(one, "file"))),
    }
}

fn agreed(what: &str, made: &Value) -> String {
    match what {
        "edit" => format!("edit {}: {} counts now", text(made, "id"), text(made, "file")),
        what => {
            format!("{what} {} until {}: {}", text(made, "id"), text(made, "ends_at"), text(made, "state"))
        }
    }
}
