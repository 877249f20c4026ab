//! What the formatter writes parses to the same query.

use proptest::prelude::*;
use tacho_pipe::*;

fn name(text: &str) -> Name {
    Name { text: text.into(), span: Span::default() }
}

fn expr(node: Node) -> Expr {
    Expr { node, span: Span::default() }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{1,6}",
        Just("by".to_string()),
        Just("count".to_string()),
        "[ -~äß]{1,6}",
        Just("a\"b'c".into())
    ]
}

fn path() -> impl Strategy<Value = Path> {
    prop::collection::vec(text(), 1..3).prop_map(|parts| Path { parts, span: Span::default() })
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        "[ -~\n]{0,8}".prop_map(Literal::Text),
        (-1e12..1e12_f64).prop_map(Literal::Number),
        (0_i64..5000).prop_map(|n| Literal::Number(n as f64)),
        (0_i64..10_000_000_000_000).prop_map(Literal::DurationUs),
        any::<bool>().prop_map(Literal::Bool),
    ]
}

fn matching() -> impl Strategy<Value = Matching> {
    prop_oneof![
        Just(Matching::Contains),
        Just(Matching::StartsWith),
        Just(Matching::EndsWith),
        Just(Matching::Regex),
        Just(Matching::Cidr)
    ]
}

fn over() -> impl Strategy<Value = Over> {
    prop_oneof![
        Just(Over::Implied),
        Just(Over::Peers),
        Just(Over::History(None)),
        (1_i64..1_000_000_000).prop_map(|us| Over::History(Some(us))),
        (1_i64..1_000_000_000).prop_map(Over::SameHour)
    ]
}

fn function() -> impl Strategy<Value = Function> {
    prop_oneof![
        Just(Function::Count),
        Just(Function::Avg),
        Just(Function::Mad),
        (0_u32..100_000).prop_map(Function::Percentile)
    ]
}

/// Lists that `and` and `or` join are flat, and `-5` is a number, as the parser has them.
fn flat(terms: Vec<Expr>, and: bool) -> Node {
    let mut out = Vec::new();
    for term in terms {
        match term.node {
            Node::And(inner) if and => out.extend(inner),
            Node::Or(inner) if !and => out.extend(inner),
            node => out.push(expr(node)),
        }
    }
    if and { Node::And(out) } else { Node::Or(out) }
}

fn expression() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        literal().prop_map(Node::Literal),
        path().prop_map(Node::Path),
        path().prop_map(Node::Exists),
        (function(), text(), over()).prop_map(|(function, column, over)| {
            Node::Baseline(Baseline { function, column: name(&column), over })
        }),
    ]
    .prop_map(expr);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let compare = prop_oneof![
            Just(Comparison::Equal),
            Just(Comparison::NotEqual),
            Just(Comparison::Less),
            Just(Comparison::GreaterOrEqual)
        ];
        let math = prop_oneof![
            Just(Arithmetic::Add),
            Just(Arithmetic::Subtract),
            Just(Arithmetic::Multiply),
            Just(Arithmetic::Divide),
            Just(Arithmetic::Remainder)
        ];
        prop_oneof![
            (prop::collection::vec(inner.clone(), 2..4), any::<bool>())
                .prop_map(|(terms, and)| flat(terms, and)),
            boxed.clone().prop_map(Node::Not),
            path().prop_map(|path| Node::Negate(Box::new(expr(Node::Path(path))))),
            (compare, boxed.clone(), boxed.clone()).prop_map(|(how, a, b)| Node::Compare(how, a, b)),
            (math, boxed.clone(), boxed.clone()).prop_map(|(how, a, b)| Node::Math(how, a, b)),
            (boxed.clone(), prop::collection::vec(literal(), 1..4), any::<bool>())
                .prop_map(|(value, list, negated)| Node::In { value, list, negated }),
            (boxed, matching(), "[ -~]{0,6}").prop_map(|(value, how, pattern)| Node::Match {
                value,
                how,
                pattern
            }),
            inner.prop_map(|argument| Node::Scalar("abs".into(), vec![argument])),
        ]
        .prop_map(expr)
    })
}

fn call() -> impl Strategy<Value = Call> {
    let only_if = prop::option::of(expression());
    let alias = prop::option::of(text().prop_map(|text| name(&text)));
    (function(), prop::collection::vec(expression(), 0..3), only_if, alias).prop_map(
        |(function, arguments, only_if, alias)| Call {
            function,
            arguments,
            only_if,
            alias,
            span: Span::default(),
        },
    )
}

fn names() -> impl Strategy<Value = Vec<Name>> {
    prop::collection::vec(text().prop_map(|text| name(&text)), 1..3)
}

fn step() -> impl Strategy<Value = Step> {
    (text(), expression(), 1_u32..9, prop::option::of(0_u32..9)).prop_map(|(text, condition, min, more)| {
        Step { name: name(&text), condition, min, max: more.map(|more| min + more) }
    })
}

fn stage() -> impl Strategy<Value = Stage> {
    let by_key = prop_oneof![
        path().prop_map(ByKey::Path),
        (1_i64..1_000_000_000).prop_map(|width_us| ByKey::Bucket { width_us, span: Span::default() })
    ];
    // A baseline that stands alone reads as an aggregate: no filter has that form.
    let filter = expression().prop_filter("a condition", |e| !matches!(e.node, Node::Baseline(_)));
    prop_oneof![
        filter.prop_map(|e| Stage::Filter(expr(Node::Not(Box::new(e))))),
        (prop::collection::vec(call(), 1..3), prop::collection::vec(by_key, 0..3))
            .prop_map(|(calls, by)| Stage::Aggregate(Aggregate { calls, by, span: Span::default() })),
        (text(), expression())
            .prop_map(|(text, value)| Stage::Eval(vec![Assign { name: name(&text), value }])),
        names().prop_map(Stage::Fields),
        (text(), any::<bool>()).prop_map(|(text, down)| {
            let order = if down { Order::Descending } else { Order::Ascending };
            Stage::Sort(vec![SortKey { name: name(&text), order }])
        }),
        (0_u64..1_000_000).prop_map(Stage::Limit),
        (0_u64..100, expression()).prop_map(|(count, by)| Stage::Top { count, by }),
        names().prop_map(Stage::Dedup),
        (any::<bool>(), text(), names()).prop_map(|(left, source, on)| {
            Stage::Join(Join { left, source: Source::Table { name: name(&source), window_us: None }, on })
        }),
        (names(), 1_i64..1_000_000_000_000, prop::collection::vec(step(), 1..4)).prop_map(
            |(by, within_us, steps)| {
                Stage::Sequence(Sequence { by, within_us, steps, span: Span::default() })
            }
        ),
        (names(), prop::option::of(path())).prop_map(|(by, expect)| Stage::Absent {
            by,
            expect,
            span: Span::default()
        }),
    ]
}

fn query() -> impl Strategy<Value = Query> {
    let table = (text(), prop::option::of(1_i64..1_000_000_000_000))
        .prop_map(|(text, window_us)| Source::Table { name: name(&text), window_us });
    let source = prop_oneof![table, text().prop_map(|text| Source::Open(name(&text)))];
    let flat =
        (source, prop::collection::vec(stage(), 0..4)).prop_map(|(source, stages)| Query { source, stages });
    flat.prop_recursive(2, 8, 2, |inner| {
        (inner, prop::collection::vec(stage(), 0..2))
            .prop_map(|(inner, stages)| Query { source: Source::Query(Box::new(inner)), stages })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_is_read_back(query in query()) {
        let text = query.to_string();
        let again = parse(&text).map_err(|error| TestCaseError::fail(error.render(&text)))?;
        prop_assert_eq!(&again, &query, "{}", text);
        prop_assert_eq!(again.to_string(), text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z_|()'\"\\[\\]{}<>=!.,0-9 \n+*/%#:-]{0,80}") {
        if let Ok(query) = parse(&text) {
            prop_assert_eq!(parse(&query.to_string()).ok(), Some(query));
        }
    }
}

#[test]
fn a_query_has_one_spelling() {
    let text = "agent_audit_log[ 15m ]|where (outcome_status=='failure')and not(agent_id in('a','b'))\n\
                # a remark\n|stats count() as n,p95(duration_ms)if(tokens_input>10k) by agent_id|n>10 or(n>5 and n<7)";
    let expected = "agent_audit_log[15m]\n| outcome_status = 'failure' and not agent_id in ('a', 'b')\n\
                    | count() as n, p95(duration_ms) if (tokens_input > 10000) by agent_id\n| n > 10 or n > 5 and n < 7";
    assert_eq!(parse(text).unwrap().to_string(), expected);
}

#[test]
fn a_count_may_be_compared_where_it_is_computed() {
    let short = parse("agent_audit_log | count() > 0").unwrap();
    assert_eq!(short, parse("agent_audit_log | count() | count > 0").unwrap());
    assert_eq!(short.to_string(), "agent_audit_log\n| count()\n| count > 0");
}
