//! What a reply means, for judges that sign as vendors do: a JSON document on standard input, the meaning on standard
//! output.
//!
//! `{"way": "slack", "secret": "…", "body": "…", "signature": "…", "timestamp": "…", "url": "…", "now": 1795262400}`

use serde_json::{Value, json};
use std::io::Read;
use tacho_deliver::Secret;
use tacho_deliver::inbound::{About, Refusal, Reply, What, pagerduty, slack, telegram, twilio};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let asked: Value = serde_json::from_str(&text)?;
    let of = |name: &str| asked[name].as_str().unwrap_or_default();
    let (secret, body, signature) = (Secret::new(of("secret")), of("body").as_bytes(), of("signature"));
    let now_us = asked["now"].as_i64().unwrap_or_default() * 1_000_000;
    let reply = match of("way") {
        "slack" => slack::read(&secret, of("timestamp"), signature, body, now_us),
        "telegram" => {
            telegram::read(&secret, signature, body).map(|pressed| pressed.map(|pressed| pressed.reply))
        }
        "twilio_text" => twilio::text(&secret, of("url"), signature, body),
        "twilio_digit" => twilio::digit(&secret, of("url"), signature, body),
        "pagerduty" => pagerduty::read(&secret, signature, body),
        other => return Err(format!("there is no way \"{other}\"").into()),
    };
    println!("{}", told(reply));
    Ok(())
}

fn told(reply: Result<Option<Reply>, Refusal>) -> Value {
    match reply {
        Err(refusal) => json!({"refused": refusal.to_string()}),
        Ok(None) => json!({}),
        Ok(Some(Reply { about, what, who })) => {
            let what = match what {
                What::Acknowledge => "acknowledge".to_string(),
                What::Resolve => "resolve".to_string(),
                What::Snooze { minutes } => format!("snooze {minutes}"),
            };
            let about = match about {
                About::Code(code) => json!({"code": code}),
                About::Thread(thread) => json!({"thread": thread}),
            };
            json!({"about": about, "what": what, "who": who})
        }
    }
}
