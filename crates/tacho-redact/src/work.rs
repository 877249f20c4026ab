//! How many bytes were looked at, by whoever looks closer than once. Counted in tests only, where it has to stay in
//! proportion to the length of the text, whatever the text is.

#[cfg(not(test))]
pub(crate) fn add(_: usize) {}

#[cfg(test)]
pub(crate) use counted::add;

#[cfg(test)]
mod counted {
    use crate::detectors::ALL;
    use crate::{Findings, Policy, Redactor};
    use proptest::prelude::*;
    use std::cell::Cell;
    use std::sync::LazyLock;

    thread_local! {
        static BYTES: Cell<u64> = const { Cell::new(0) };
    }

    pub(crate) fn add(bytes: usize) {
        BYTES.set(BYTES.get() + bytes as u64);
    }

    static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(&Policy::default()).unwrap());

    /// Looks at a byte of the text, at most. The worst are prefixes of tokens one behind the other, each with a window of
    /// its own, of which each pass takes only the last: some 1,500 over all passes of both calls.
    const LOOKS_MAX: u64 = 2_500;

    fn work(text: &str) -> u64 {
        BYTES.set(0);
        let _ = REDACTOR.json(text, &mut Findings::default());
        let _ = REDACTOR.text(text, &mut Findings::default());
        BYTES.get()
    }

    /// What wakes a detector, a pattern or a name, and what lies between such things.
    fn piece() -> impl Strategy<Value = String> {
        let needles: Vec<&str> = ALL.iter().flat_map(|detector| detector.needles).copied().collect();
        let names = Policy::default().keys;
        let between = [
            " ",
            "=",
            ":",
            "\"",
            "'",
            "\\",
            "\n",
            "{",
            "}",
            "[",
            "]",
            ",",
            ".",
            "-",
            "_",
            "/",
            "%3D",
            "%26",
            "|",
            "=\"",
            "='",
            ": '",
            "-----",
            "@a.io ",
            "://",
            "\u{200b}",
            "ｐ",
            "é",
            "1234",
            "1234 ",
            "a1B2c3D4",
            "x",
            "    ",
            "eyJhbGciOiJIUzI1NiJ9.",
            "-----BEGIN PRIVATE KEY-----",
            " is ",
            "value=",
            "\\\"",
            "\\n",
        ];
        prop_oneof![
            proptest::sample::select(needles).prop_map(str::to_owned),
            proptest::sample::select(names),
            proptest::sample::select(between.to_vec()).prop_map(str::to_owned),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_is_looked_at_more_than_in_proportion_to_its_length(
            pieces in proptest::collection::vec(piece(), 1..7),
            json in any::<bool>(),
        ) {
            let unit = pieces.concat();
            // Long enough that looking from each needle to the end would be thousands of looks a byte.
            let text = unit.repeat((256 << 10) / unit.len());
            let text = if json { serde_json::Value::from(text).to_string() } else { text };
            let looks = work(&text) / text.len() as u64;
            prop_assert!(looks <= LOOKS_MAX, "{:?}: {} looks a byte", unit, looks);
        }
    }

    #[test]
    fn the_count_sees_what_is_not_linear() {
        let before = work("password=x");
        assert!(before > 0, "it counts");
        BYTES.set(0);
        let text = "ab".repeat(1000);
        (0..text.len()).for_each(|at| {
            crate::detectors::lex::run(&text, at, usize::MAX, |byte| byte.is_ascii_lowercase());
        });
        assert!(BYTES.get() > 100 * text.len() as u64, "a run from each byte to the end would be found");
    }
}
