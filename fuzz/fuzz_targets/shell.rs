//! Command lines: read in linear work, and told in lines without quotes or control characters that break them.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut bytes = 0;
    tacho_shell::each_command(text, &mut |command| {
        let texts = command.words.iter().chain(&command.files).chain(&command.input);
        bytes += texts.map(String::len).sum::<usize>();
    });
    assert!(bytes <= tacho_shell::TIMES_MAX * text.len(), "{bytes} of {}", text.len());
    let lines = tacho_shell::commands(text);
    assert!(lines.is_empty() || lines.ends_with('\n'));
    assert!(!lines.contains('\t') && !lines.contains('\r'));
});
