//! Whatever people and agents write: every call stays within its vendor's limits and is well formed.

use super::*;
use proptest::prelude::*;

/// Texts that hurt: markup, quotes, line ends, pictures, letters of two units.
fn nasty(chars_max: usize) -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<",
        ">",
        "&",
        "\"",
        "'",
        "\\",
        "*",
        "_",
        "`",
        "[",
        "]",
        "\r\n",
        "\n",
        "\u{0}",
        "\u{7f}",
        "😀",
        "日本",
        "ü",
        "…",
        "a",
        "word ",
        "{noformat}",
        "]]>",
        "</b>",
        "%0d%0a",
        "Bcc: x@y.z",
        "=?utf-8?q?x?=",
        "1234567890",
        "\u{202e}",
    ]);
    prop::collection::vec(pieces, 0..chars_max).prop_map(|pieces| pieces.concat())
}

fn any_message() -> impl Strategy<Value = Message> {
    let notices =
        [Notice::Firing, Notice::Resolved, Notice::Repeated, Notice::Escalated, Notice::Digest, Notice::Test];
    let alerts = prop::collection::vec((nasty(300), nasty(60), nasty(600)), 0..60);
    (nasty(800), nasty(3000), alerts, prop::sample::select(notices.to_vec()), any::<bool>()).prop_map(
        |(title, text, alerts, notice, linked)| {
            let mut told = message(notice);
            told.alerts = alerts
                .into_iter()
                .map(|(summary, label, value)| Told {
                    annotations: [("summary".to_string(), summary)].into(),
                    labels: [(label.clone(), value.clone()), ("alertname".to_string(), label)].into(),
                    values: [("count".to_string(), value)].into(),
                    ..told.alerts[0].clone()
                })
                .collect();
            if !linked {
                told.links = Links::default();
            }
            Message { title, text, ..told }
        },
    )
}

fn chars(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.chars().count())
}

fn slack(sent: &Value) {
    let blocks = sent["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50);
    for block in blocks {
        match block["type"].as_str().unwrap() {
            "header" => assert!((1..=150).contains(&chars(&block["text"]["text"]))),
            "section" => assert!((1..=3000).contains(&chars(&block["text"]["text"])), "{block}"),
            _ => assert!(block["elements"].as_array().unwrap().len() <= 25),
        }
    }
    let whole: usize = blocks.iter().map(|block| chars(&block["text"]["text"])).sum();
    assert!(whole <= 13_000, "{whole}");
}

/// Tags are closed in order and nothing but entities begins with `&`.
fn well_formed(html: &str) {
    let mut open = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&', '>']) {
        assert_ne!(&rest[at..=at], ">", "{html}");
        if rest[at..].starts_with('&') {
            assert!(["&lt;", "&gt;", "&amp;"].iter().any(|entity| rest[at..].starts_with(entity)), "{html}");
            rest = &rest[at + 1..];
            continue;
        }
        let end = at + rest[at..].find('>').expect("a tag that ends");
        match &rest[at + 1..end] {
            close if close.starts_with('/') => assert_eq!(open.pop(), Some(close[1..].to_string()), "{html}"),
            tag => open.push(tag.split(' ').next().unwrap().to_string()),
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{html}");
}

fn telegram(sent: &Value) {
    let text = sent["text"].as_str().unwrap();
    assert!((1..=4096).contains(&text.encode_utf16().count()));
    well_formed(text);
    let buttons = sent["reply_markup"]["inline_keyboard"][0].as_array();
    assert!(
        buttons
            .into_iter()
            .flatten()
            .all(|button| (1..=64).contains(&button["callback_data"].as_str().unwrap().len()))
    );
}

fn opsgenie(request: &Request, sent: &Value) {
    if request.url.expose().ends_with("/v2/alerts") {
        assert!((1..=130).contains(&chars(&sent["message"])));
        assert!(chars(&sent["description"]) <= 15_000 && chars(&sent["alias"]) <= 512);
    }
}

fn mail(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let names: Vec<&str> = unfolded.split("\r\n").map(|line| line.split_once(':').unwrap().0).collect();
    let known = "From To Subject Date Message-ID In-Reply-To References Auto-Submitted List-Unsubscribe MIME-Version Content-Type";
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        assert!(known.split(' ').any(|known| known == name) && !seen.contains(&name), "{name}: {head}");
        seen.push(name);
    }
    assert!(text.lines().all(|line| line.len() <= 998), "a line is longer than SMTP takes");
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "line ends are whole");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_call_keeps_its_vendors_limits(told in any_message()) {
        for (key, settings, _) in least() {
            let channel = channel(key, settings);
            if !channel.wants(&told) {
                continue;
            }
            let request = match step(&channel, &told, None, &[]) {
                Step::Call(Call::Mail(sent)) => { mail(&sent.bytes); continue }
                Step::Call(Call::Http(request)) => request,
                Step::End(verdict) => { assert_eq!(key, "dashboard_configs", "{verdict:?}"); continue }
            };
            if key.starts_with("twilio") {
                for (name, value) in form(&request) {
                    let most = match name.as_str() { "Body" => 1600, "Twiml" => 4000, _ => 100 };
                    assert!(!value.is_empty() && value.chars().count() <= most, "{key}: {name}: {value}");
                }
                continue;
            }
            let sent = body(&request);
            match key {
                "slack_configs" => slack(&sent),
                "telegram_configs" => telegram(&sent),
                "opsgenie_configs" | "jsm_configs" => opsgenie(&request, &sent),
                "pagerduty_configs" => {
                    assert!(request.body.len() <= 512_000 && chars(&sent["payload"]["summary"]) <= 1024);
                }
                "msteamsv2_configs" => assert!(request.body.len() <= 28_000, "{}", request.body.len()),
                _ => {}
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_counted() {
    let mut told = message(Notice::Firing);
    told.alerts = vec![told.alerts[0].clone(); 90];
    let text = |key: &str, settings: Value| {
        String::from_utf8(http(step(&channel(key, settings), &told, None, &[])).body).unwrap()
    };
    let slack = text("slack_configs", json!({"api_url": "https://hooks.slack.com/x"}));
    assert!(slack.contains(&format!("and {} more", 93 - slack.matches("|the alert>").count())), "{slack}");
    let telegram = text("telegram_configs", json!({"bot_token": "1:a", "chat_id": 1}));
    assert!(
        telegram.contains(&format!("and {} more", 93 - telegram.matches("the alert</a>").count())),
        "{telegram}"
    );
    let teams = text("msteamsv2_configs", json!({"webhook_url": "https://x.example.com"}));
    assert!(teams.contains(&format!("and {} more", 93 - teams.matches("the alert](").count())), "{teams}");
}
