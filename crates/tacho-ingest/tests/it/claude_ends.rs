//! How calls ended, as lines of Claude Code's transcripts say it: refused, interrupted, lost, gone on in the background.

use crate::claude::told;
use crate::common::take;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::words::Outcome;

/// The end of a call as a line tells it: outcome, whether it was interrupted, class of the error.
fn end(version: &str, result: &str, failed: bool, text: &str) -> (Outcome, bool, Option<String>) {
    let line = take(&format!(
        r#"{{"type":"user","uuid":"u1","sessionId":"s","version":"{version}",{result},"message":{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"t1","is_error":{failed},"content":"{text}"}}]}}}}"#
    ));
    let event = line.one();
    let why = event.facts.text(TextFact::ErrorType).map(str::to_string);
    (event.header.outcome, event.facts.int(IntFact::Interrupted) == Some(1), why)
}

/// Since 2.1.327 its lines say so; the words are a refusal's.
#[test]
fn a_call_that_ran_until_escape_was_interrupted_and_one_that_never_ran_was_refused() {
    let end = |version: &str, more: &str| {
        let result =
            format!(r#""toolUseResult":"User rejected tool use","toolDenialKind":"user-rejected"{more}"#);
        end(version, &result, true, "The user doesn't want to proceed with this tool use.")
    };
    let refused = (Outcome::Failure, false, Some("refused".to_string()));
    assert_eq!(end("2.1.327", ""), (Outcome::Partial, true, None));
    assert_eq!(end("2.1.327", r#","toolDenialBeforeRun":true"#), refused);
    assert_eq!(
        end("2.1.327", r#","permissionDecision":{"decision":"reject","source":"user_reject"}"#),
        refused
    );
    assert_eq!(end("2.1.325", ""), refused, "it says it of none");
}

#[test]
fn whether_a_call_was_let_run_is_read_from_what_the_line_says_of_itself() {
    let refused = (Outcome::Failure, false, Some("refused".to_string()));
    let decided = r#""toolUseResult":"Error: no","toolDenialKind":"user-rejected","permissionDecision":{"decision":"reject"}"#;
    assert_eq!(end("2.1.329", decided, true, "words of its own"), refused);
    for kind in ["permission-rule", "automode-blocked"] {
        let by = format!(r#""toolUseResult":"Error: no","toolDenialKind":"{kind}""#);
        assert_eq!(end("2.1.329", &by, true, "policy says no"), refused, "{kind}");
        let ran = format!(r#"{by},"toolDenialAfterRun":true"#);
        assert_eq!(end("2.1.329", &ran, true, "Permission to use it"), (Outcome::Failure, false, None));
    }
    let sub_agent = "Permission for this tool use was denied. The tool use was rejected";
    assert_eq!(end("2.1.200", r#""toolUseResult":"Error: no""#, true, sub_agent), refused);
    let corrected = "The user doesn't want to proceed with this tool use. Correction to the text above: this call was stopped while running, not refused before it ran.";
    assert_eq!(
        end("2.1.200", r#""toolUseResult":"Error""#, true, corrected),
        (Outcome::Failure, false, None)
    );
    let lost = r#""toolUseResult":"[Tool call interrupted: …]","toolDenialKind":"interrupted""#;
    assert_eq!(end("2.1.329", lost, true, "[Tool call interrupted: …]").0, Outcome::Unknown);
}

#[test]
fn what_goes_on_in_the_background_has_only_begun_and_a_notice_tells_its_end() {
    let begun = |result: &str| end("2.1.329", &format!(r#""toolUseResult":{result}"#), false, "started").0;
    assert_eq!(begun(r#"{"isAsync":true,"status":"async_launched","agentId":"a1"}"#), Outcome::Running);
    assert_eq!(begun(r#"{"stdout":"","backgroundTaskId":"b1"}"#), Outcome::Running);
    assert_eq!(begun(r#"{"stdout":"","backgroundTaskId":""}"#), Outcome::Success);

    let notice = "<task-notification>\\n<task-id>b1</task-id>\\n<tool-use-id>t1</tool-use-id>\\n<status>failed</status>\\n</task-notification>";
    let line = take(&format!(
        r#"{{"type":"user","uuid":"u2","sessionId":"s","origin":{{"kind":"task-notification"}},"message":{{"role":"user","content":"{notice}"}}}}"#
    ));
    let event = line.one();
    assert_eq!(told(&event), "workflow TaskNotification message failure claude-code");
    assert_eq!((event.header.call, event.facts.text(TextFact::TaskId)), (Some("t1"), Some("b1")));
}
