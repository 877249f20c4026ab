//! Dashboards as files: those that come with the program, those of a data folder, and all of them as Grafana has them.

mod board;
mod grafana;

pub(crate) use board::Board;
pub(crate) use grafana::export;

/// What comes with the program, by name.
pub(crate) const BUILT_IN: [(&str, &str); 7] = [
    ("agent", include_str!("builtin/agent.yaml")),
    ("business", include_str!("builtin/business.yaml")),
    ("executive", include_str!("builtin/executive.yaml")),
    ("operations", include_str!("builtin/operations.yaml")),
    ("performance", include_str!("builtin/performance.yaml")),
    ("recorder", include_str!("builtin/recorder.yaml")),
    ("security", include_str!("builtin/security.yaml")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::path::Path;

    fn exported(name: &str, text: &str) -> Value {
        export(&Board::read(text).unwrap_or_else(|why| panic!("{name}: {why}"))).unwrap()
    }

    fn queries(board: &Value) -> Vec<String> {
        let targets = board["panels"].as_array().unwrap().iter().map(|panel| &panel["targets"][0]);
        targets
            .filter_map(|target| target["rawSql"].as_str().or(target["expr"].as_str()))
            .map(Into::into)
            .collect()
    }

    #[test]
    fn the_files_of_grafana_are_those_that_would_be_written() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/grafana");
        for (name, text) in BUILT_IN {
            let path = folder.join(format!("{name}.json"));
            let kept = std::fs::read_to_string(&path).unwrap_or_default();
            let fresh = format!("{:#}\n", exported(name, text));
            assert!(kept == fresh, "{name}.json is old: tachograph dashboards export --out deploy/grafana");
        }
    }

    #[test]
    fn nothing_of_ours_is_left_in_a_query_of_grafana() {
        for (name, text) in BUILT_IN {
            let board = exported(name, text);
            let all = queries(&board);
            assert_eq!(all.len(), board["panels"].as_array().unwrap().len(), "{name}");
            for query in all {
                for ours in ["$__range ", "$__range)", "$__step"] {
                    assert!(!query.contains(ours), "{name}: {query}");
                }
            }
        }
    }

    #[test]
    fn places_do_not_overlap_and_fit() {
        for (name, text) in BUILT_IN {
            let board = exported(name, text);
            let mut taken = std::collections::HashSet::new();
            for panel in board["panels"].as_array().unwrap() {
                let place = |of: &str| panel["gridPos"][of].as_u64().unwrap();
                assert!(place("x") + place("w") <= 24, "{name}: {panel}");
                for x in place("x")..place("x") + place("w") {
                    for y in place("y")..place("y") + place("h") {
                        assert!(taken.insert((x, y)), "{name}: {}", panel["title"]);
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (text, why) in [
            ("kind: Dashboards", "Dashboard"),
            ("kind: Dashboard\nmetadata: {name: a}\nspec: {panels: {}}", "no panel"),
            ("kind: Dashboard\nmetadata: {name: A b}\nspec: {}", "small letters"),
            (
                "kind: Dashboard\nmetadata: {name: a}\nspec: {panels: {p: {spec: {plugin: {kind: PieChart}, queries: [{spec: {query: x}}]}}}}",
                "PieChart",
            ),
            (
                "kind: Dashboard\nmetadata: {name: a}\nspec: {panels: {p: {spec: {queries: []}}}}",
                "asks nothing",
            ),
        ] {
            let error = Board::read(text).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_chart_over_time_without_a_time_is_refused_by_name() {
        let text = "kind: Dashboard\nmetadata: {name: a}\nspec: {panels: {p: {spec: {plugin: {kind: TimeSeriesChart}, \
                    queries: [{spec: {query: \"SELECT date_bin($__step, timestamp) AS t, count(*) FROM events\"}}]}}}}";
        let error = export(&Board::read(text).unwrap()).unwrap_err();
        assert!(error.contains("\"p\"") && error.contains("AS time"), "{error}");
    }
}
