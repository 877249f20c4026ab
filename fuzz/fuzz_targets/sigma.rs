//! Sigma files and alertmanager.yml: refused with a line, or rules and a routing that read back.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let imported = tacho_alert::sigma::import(&[("fuzz.yml".to_string(), text.to_string())]);
    for refused in &imported.refused {
        assert!(refused.line >= 1 && !refused.message.is_empty());
    }
    for rule in &imported.rules {
        let rules = tacho_alert::read(&rule.id, &rule.text).expect("what was imported reads");
        // What Sigma said it can say again, up to its chains of correlations.
        let again = tacho_alert::sigma::export(&rules);
        let back = tacho_alert::sigma::import(&[("again.yml".to_string(), again.text)]);
        assert!(back.refused.is_empty(), "{:?}", back.refused);
    }
    if let Ok(routing) = tacho_alert::alertmanager::import("fuzz.yml", text, &["slack_configs"], &["title"]) {
        let again = tacho_alert::alertmanager::import("again.yml", &routing.text, &["slack_configs"], &["title"]);
        assert_eq!(again.expect("what was written reads").text, routing.text);
    }
});
