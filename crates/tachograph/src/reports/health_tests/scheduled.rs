//! Reports that are made by themselves.

use super::*;
use crate::reports::{Kept, forget_people, kept, schedule};
use sha2::{Digest, Sha256};

#[test]
fn what_is_scheduled_is_made_once_its_time_is_over_and_the_log_has_the_digest_of_each_file() {
    let config =
        "schedule = [\"health-daily\", \"data-access\"]\nformats = [\"html\", \"csv\"]\nkeep_days = 40";
    let scene = scene!("2026-03-03T00:00:00Z", config);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let data = scene.app.node.data().to_path_buf();
    let pass = || {
        scene.sealed();
        schedule::pass(&scene.app, 30, runtime.handle()).unwrap();
        kept(&data).unwrap().into_iter().map(Kept::name).collect::<Vec<String>>()
    };
    scene.send(&[tool("Bash", "success", 100)]);
    scene.at(15 * MINUTE);
    let first = pass();
    assert_eq!(first.len(), 4, "the day before the first one is over, too: {first:?}");
    scene.at(DAY_US + 10 * MINUTE);
    assert_eq!(pass(), first, "its end is too fresh");
    scene.at(DAY_US + 15 * MINUTE);
    let all = pass();
    let newest = ["data-access", "health-daily"]
        .map(|kind| ["csv", "html"].map(|end| format!("{kind}-2026-03-03.{end}")));
    assert_eq!(all[..4], newest.concat());
    let size = scene.app.node.status().size();
    assert_eq!((pass(), scene.app.node.status().size()), (all.clone(), size), "nothing is made twice");
    let told = "SELECT outcome_result->>'file' AS file, outcome_result->>'file_sha256' AS sha256, outcome_result->>'by' AS maker
        FROM agent_audit_log WHERE action_name = 'report_made'";
    let told: Vec<[String; 3]> = runtime.block_on(async {
        let rows = crate::rows::rows::<Value>(&scene.app.node, scene.app.node.moment().await, &[], told)
            .await
            .unwrap();
        rows.iter()
            .map(|row| ["file", "sha256", "maker"].map(|name| row[name].as_str().unwrap().to_string()))
            .collect()
    });
    assert_eq!(told.len(), 8);
    for [file, sha256, maker] in told {
        let bytes = std::fs::read(data.join("reports").join(&file)).unwrap();
        let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((digest, maker.as_str()), (sha256, "schedule"), "{file}");
    }
    forget_people(&data).unwrap();
    assert!(kept(&data).unwrap().iter().all(|kept| kept.kind.is_health()), "an erasure took the others");
    // A month later: what may name people is gone with personal data, and the last day is made alone.
    scene.at(36 * DAY_US + HOUR);
    let days: std::collections::BTreeSet<String> = pass().into_iter().collect();
    let has = |name: &str| days.contains(name);
    assert!(has("health-daily-2026-03-03.html") && has("health-daily-2026-04-07.html"), "{days:?}");
    assert!(has("data-access-2026-04-07.csv") && days.len() == 8, "{days:?}");
    scene.at(60 * DAY_US + HOUR);
    assert_eq!(pass().len(), 8, "what is older than it is kept went");
}
