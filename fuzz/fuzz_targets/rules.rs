//! Rule files: refused with a line, or rules that run.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    match tacho_alert::read("rules.yaml", text) {
        Ok(rules) => {
            for rule in &rules {
                tacho_alert::lint(rule);
                tacho_alert::explain(rule, 0);
            }
            assert!(tacho_alert::Engine::new(rules).is_ok(), "a rule that was read does not run");
        }
        Err(error) => assert!(error.line >= 1 && !error.message.is_empty()),
    }
    let _ = tacho_alert::notify::Config::read("routing.yaml", text)
        .map(|c| tacho_alert::notify::Dispatcher::new(&c));
});
