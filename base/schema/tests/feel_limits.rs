//! Errors with places, notes, budgets, names, types; and whatever a random string may do.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use schema::feel::{Expression, Scope, Type, TypeScope, Value, infer};
use schema::{Document, Problems};

fn now() -> DateTime<Utc> {
    "2026-07-01T01:00:00Z".parse().unwrap()
}

fn parsed(source: &str) -> Expression {
    Expression::parse(source).unwrap_or_else(|error| panic!("{source}: {error}"))
}

#[test]
fn errors_tell_the_place() {
    let rows = [
        ("", 1, 1, "expected a value, but the expression ends here"),
        ("1 +", 1, 4, "expected a value, but the expression ends here"),
        ("1 + * 2", 1, 5, "expected a value, but '*' stands here"),
        ("(1", 1, 3, "expected ')', but the expression ends here"),
        ("[1 2]", 1, 4, "expected ',' or ']', but '2' stands here"),
        ("a b", 1, 3, "expected the end of the expression, but 'b' stands here"),
        ("a\n  + ?", 2, 5, "'?' has no meaning here"),
        ("\"abc", 1, 1, "the text has no closing quote"),
        (
            "\"a\\q\"",
            1,
            3,
            "unknown escape; known are \\\" \\\\ \\n \\r \\t \\uXXXX \\UXXXXXX",
        ),
        ("\"\\ud800\"", 1, 2, "this code is not a character"),
        (
            "1 < 2 < 3",
            1,
            7,
            "write brackets: what follows a comparison is unclear",
        ),
        (
            "a = b + 1 = c",
            1,
            11,
            "write brackets: what follows a comparison is unclear",
        ),
        ("if a then b", 1, 12, "expected 'else', but the expression ends here"),
        (
            "some x in y",
            1,
            12,
            "expected 'satisfies', but the expression ends here",
        ),
        ("for if in y return 1", 1, 5, "expected a name, but 'if' stands here"),
        ("conut(x)", 1, 1, "there is no function 'conut'; did you mean 'count'?"),
        (
            "start with(a, b)",
            1,
            1,
            "there is no function 'start with'; did you mean 'starts with'?",
        ),
        ("count(a, b)", 1, 1, "'count' takes 1 arguments, not 2"),
        ("sum()", 1, 1, "'sum' takes at least 1 arguments, not 0"),
        ("{a: 1, a: 2}", 1, 8, "the key 'a' stands here already"),
        ("{a 1}", 1, 4, "expected ':', but '1' stands here"),
        ("a.", 1, 3, "expected a name after '.', but the expression ends here"),
        ("1a", 1, 2, "a number ends in digits; names start with a letter"),
        (
            "99999999999999999999999999999999",
            1,
            1,
            "the number has more than 28 digits",
        ),
        ("x in [1..", 1, 10, "expected a value, but the expression ends here"),
        ("/* a", 1, 1, "the comment has no end"),
        (
            "xã và",
            1,
            4,
            "expected the end of the expression, but 'và' stands here",
        ),
        ("and", 1, 1, "expected a value, but 'and' stands here"),
        ("a and", 1, 6, "expected a value, but the expression ends here"),
    ];
    for (source, line, column, message) in rows {
        let error = Expression::parse(source).expect_err(source);
        assert_eq!(
            (error.line, error.column, error.message.as_str()),
            (line, column, message),
            "{source}"
        );
    }
}

#[test]
fn declarations_report_expressions_where_they_stand() {
    let mut problems = Problems::new();
    let source =
        "plain: a + * b\nquoted: \"a + * b\"\nblock: |\n  a +\n  * b\nflag: true\nnumber: 5\nlist: [a]\nempty:\n";
    let mut map = Document::yaml("a.yaml", source, &mut problems)
        .unwrap()
        .as_map(&mut problems)
        .unwrap();
    for (_, value) in map.entries() {
        value.feel(&mut problems);
    }
    let places: Vec<String> = problems
        .sorted()
        .iter()
        .map(|found| format!("{}:{} {}", found.line, found.column, found.code))
        .collect();
    let expected = [
        "1:12 schema.bad_expression",
        "2:14 schema.bad_expression",
        "5:3 schema.bad_expression",
        "8:7 schema.expected_expression",
        "9:6 schema.expected_expression",
    ];
    assert_eq!(places, expected);
}

#[test]
fn nulls_have_reasons() {
    let notes = |source: &str| {
        let evaluation = parsed(source).explain(&Scope::new(now()).with("a", 1_i64)).unwrap();
        evaluation
            .notes
            .iter()
            .map(|note| format!("{}:{} {}", note.line, note.column, note.message))
            .collect::<Vec<_>>()
    };
    assert_eq!(notes("a / 0"), ["1:3 division by zero"]);
    assert_eq!(notes("a + \"x\""), ["1:3 '+' does not work with a number and a text"]);
    assert_eq!(notes("b"), ["1:1 there is no 'b'"]);
    assert_eq!(notes("a < \"x\""), ["1:3 a number and a text cannot be compared"]);
    assert_eq!(notes("sum([])"), ["1:1 'sum' of an empty list"]);
    assert_eq!(notes("is defined(b)"), Vec::<String>::new());
    assert_eq!(notes("a + 1"), Vec::<String>::new());
    assert_eq!(notes("for i in 1..200 return 1 / 0").len(), 50);
}

#[test]
fn budgets_end_what_would_run_on() {
    let scope = Scope::from_json(
        now(),
        &serde_json::json!({"many": vec![1; 5_000], "text": "x".repeat(1_000)}),
    );
    let exhausted = [
        "for i in 1..10001 return i",
        "for i in 1..1000, j in 1..1000 return 1",
        "some i in 1..9000, j in 1..9000 satisfies false",
        "count(for i in 1..200 return many)",
        "many[item in many]",
        "concatenate(many, many, many)",
    ];
    for source in exhausted {
        let expression = parsed(source);
        assert!(expression.explain(&scope).is_err(), "{source}");
        assert_eq!(expression.evaluate(&scope), Value::Null, "{source}");
        assert!(!expression.is_true(&scope), "{source}");
    }
    let doubling = |first: &str, next: &dyn Fn(usize) -> String| {
        let entries: Vec<String> = (1..60).map(|step| format!("a{step}: {}", next(step - 1))).collect();
        parsed(&format!("{{a0: {first}, {}}}.a59", entries.join(", ")))
    };
    assert!(
        doubling("text", &|last| format!("a{last} + a{last}"))
            .explain(&scope)
            .is_err()
    );
    assert!(
        doubling("[1, 1]", &|last| format!("[a{last}, a{last}]"))
            .explain(&scope)
            .is_err()
    );
    assert_eq!(parsed("sum(many)").evaluate(&scope), Value::from(5_000_i64));
}

#[test]
fn depth_and_length_are_capped() {
    let nested = |levels: usize| format!("{}1{}", "(".repeat(levels), ")".repeat(levels));
    assert!(Expression::parse(&nested(60)).is_ok());
    assert!(Expression::parse(&nested(4_000)).is_err());
    assert!(Expression::parse(&"[".repeat(8_000)).is_err());
    assert!(Expression::parse(&"-".repeat(8_000)).is_err());
    assert!(Expression::parse(&format!("{}1", "x in (".repeat(1_300))).is_err());
    assert!(Expression::parse(&vec!["1"; 100].join(" + ")).is_err());
    assert!(Expression::parse(&vec!["a"; 1_000].join(" or ")).is_ok());
    assert!(Expression::parse(&"a".repeat(8_193)).is_err());
    let deepest = format!("{}1{}", "[".repeat(63), "]".repeat(63));
    assert!(matches!(parsed(&deepest).evaluate(&Scope::new(now())), Value::List(_)));
}

#[test]
fn free_names_are_found() {
    let names = |source: &str| parsed(source).names().into_iter().collect::<Vec<_>>();
    assert_eq!(names("applicant.age > 18 and ward = \"a\""), ["applicant.age", "ward"]);
    assert_eq!(names("for c in children return c.age + bonus"), ["bonus", "children"]);
    assert_eq!(names("children[item.age > limit]"), ["children", "limit"]);
    assert_eq!(names("{a: x, b: a}"), ["x"]);
    assert_eq!(names("some c in c satisfies c"), ["c"]);
    assert_eq!(names("fees[1].amount"), ["fees"]);
    assert_eq!(names("sum(1, 2)"), Vec::<String>::new());
}

#[test]
fn types_are_inferred() {
    let child = Type::context([("name", Type::Text), ("age", Type::Number)]);
    let scope = TypeScope::new()
        .with("name", Type::Text)
        .with("age", Type::Number)
        .with("born", Type::Date)
        .with("children", Type::list(child.clone()))
        .with("data", Type::Any);
    let sound = [
        ("age + 1", Type::Number),
        ("name + \"x\"", Type::Text),
        ("age > 18 and name = \"x\"", Type::Boolean),
        ("today() - born", Type::Duration),
        ("born + duration(\"P1D\")", Type::Date),
        ("years and months duration(born, today()).years >= 18", Type::Boolean),
        ("children[age > 6]", Type::list(child.clone())),
        ("children[1]", child),
        ("children.name", Type::list(Type::Text)),
        ("for c in children return c.age", Type::list(Type::Number)),
        ("if age > 1 then 1 else \"a\"", Type::Any),
        ("sum(children.age)", Type::Number),
        ("max(children.name)", Type::Text),
        ("data.anything.goes + 1", Type::Any),
        ("data[whatever = 1]", Type::list(Type::Any)),
        ("is defined(nowhere)", Type::Boolean),
        ("null", Type::Any),
        ("age in [1..5] or age in (1, 2)", Type::Boolean),
        ("name in children.name", Type::Boolean),
        ("{a: 1, b: a}.b", Type::Number),
    ];
    for (source, expected) in sound {
        assert_eq!(infer(&parsed(source), &scope), Ok(expected), "{source}");
    }
    let unsound = [
        ("agee + 1", "1:1 there is no 'agee' here; did you mean 'age'?"),
        ("children.nam", "1:9 there is no 'nam' here; did you mean 'name'?"),
        ("age + name", "1:5 '+' does not work with a number and a text"),
        ("age = name", "1:5 a number and a text cannot be compared"),
        ("born < \"2026-01-01\"", "1:6 a date and a text cannot be compared"),
        ("name and true", "1:1 a boolean was expected, this is a text"),
        ("if age then 1 else 2", "1:4 a boolean was expected, this is a number"),
        ("count(age)", "1:7 'count' wants a list here, this is a number"),
        (
            "contains(name, age)",
            "1:16 'contains' wants a text here, this is a number",
        ),
        ("born.hour", "1:5 a date has no 'hour'"),
        ("children[name]", "1:10 a filter is a number or a boolean, not a text"),
        ("true < false", "1:6 '<' does not work with a boolean and a boolean"),
        ("age in [\"a\"]", "1:5 a number and a text cannot be compared"),
        ("-name", "1:1 '-' does not work with a text"),
    ];
    for (source, expected) in unsound {
        let errors = infer(&parsed(source), &scope).expect_err(source);
        let shown: Vec<String> = errors
            .iter()
            .map(|error| format!("{}:{} {}", error.line, error.column, error.message))
            .collect();
        assert_eq!(shown, [expected], "{source}");
    }
    assert_eq!(infer(&parsed("x + y + z"), &scope).unwrap_err().len(), 3);
}

#[test]
fn expressions_are_stored_as_their_source() {
    let stored = serde_json::to_string(&parsed("a+1")).unwrap();
    assert_eq!(stored, "\"a+1\"");
    assert_eq!(serde_json::from_str::<Expression>(&stored).unwrap(), parsed("a + 1"));
    assert!(serde_json::from_str::<Expression>("\"a +\"").is_err());
    assert_eq!(parsed("( (a))+1*(2)-(3-4)").to_string(), "a + 1 * 2 - (3 - 4)");
    assert_eq!(parsed("(a or b) and (c and d)").to_string(), "(a or b) and (c and d)");
    assert_eq!(parsed("x in(1,<2,[3..4))").to_string(), "x in (1, < 2, [3..4))");
}

/// Pieces from which random text has a fair chance to be an expression.
fn pieces() -> impl Strategy<Value = String> {
    let words = vec![
        "a",
        "b",
        "item",
        "1",
        "2.5",
        "0",
        "\"x\"",
        "null",
        "true",
        "false",
        "and",
        "or",
        "not(",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "a:",
        ",",
        ".",
        "..",
        "+",
        "-",
        "*",
        "/",
        "**",
        "=",
        "!=",
        "<",
        ">=",
        "in",
        "between",
        "if",
        "then",
        "else",
        "for",
        "some",
        "every",
        "return",
        "satisfies",
        "count(",
        "sum(",
        "date(",
        "duration(\"P1D\")",
        "today()",
        "date and time(",
        "ă",
        "\\",
        "\"",
        "\n",
        "//",
        "/*",
    ];
    prop::collection::vec(prop::sample::select(words), 0..24).prop_map(|words| words.join(" "))
}

/// Well-formed expressions, so that printing is tried on every shape.
fn sound() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a",
        "b.c",
        "1",
        "0.25",
        "\"x\\n\"",
        "null",
        "true",
        "today()",
        "[]",
        "{}",
        "duration(\"P1M\")",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 48, 3, |inner| {
        let operator = prop::sample::select(vec!["+", "-", "*", "/", "**", "=", "!=", "<", ">=", "and", "or"]);
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(left, sign, right)| format!("({left}) {sign} ({right})")),
            inner.clone().prop_map(|part| format!("-({part})")),
            inner.clone().prop_map(|part| format!("({part}).d")),
            (inner.clone(), inner.clone()).prop_map(|(list, filter)| format!("({list})[{filter}]")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(c, y, n)| format!("if {c} then {y} else {n}")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(v, l, h)| format!("({v}) between ({l}) and ({h})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(v, l, h)| format!("({v}) in (({l})..({h})]")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(v, l, h)| format!("({v}) in ({l}, >= ({h}), [(1)..({h})))")),
            (inner.clone(), inner.clone()).prop_map(|(v, l)| format!("({v}) in ({l})")),
            (inner.clone(), inner.clone())
                .prop_map(|(list, body)| format!("for i in ({list}), j in 1..2 return {body}")),
            (inner.clone(), inner.clone()).prop_map(|(list, body)| format!("some i in ({list}) satisfies {body}")),
            (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("[{one}, {two}]")),
            (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("{{a: {one}, \"x y\": {two}}}")),
            inner.prop_map(|part| format!("distinct values({part})")),
        ]
    })
}

fn try_everything(source: &str) -> Result<bool, TestCaseError> {
    let Ok(expression) = Expression::parse(source) else {
        return Ok(false);
    };
    let printed = expression.to_string();
    let again = Expression::parse(&printed).map_err(|error| TestCaseError::fail(format!("{printed}: {error}")))?;
    prop_assert_eq!(&again, &expression, "{}", printed);
    prop_assert_eq!(again.to_string(), printed);
    let scope = Scope::from_json(now(), &serde_json::json!({"a": [1, {"d": 2}, null], "b": {"c": -3}}));
    prop_assert_eq!(again.evaluate(&scope), expression.evaluate(&scope));
    expression.names();
    let _ = infer(&expression, &TypeScope::new().with("a", Type::Any));
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_string_panics(source in "\\PC{0,40}") {
        try_everything(&source)?;
    }

    #[test]
    fn no_row_of_tokens_panics(source in pieces()) {
        try_everything(&source)?;
    }

    #[test]
    fn printing_is_stable(source in sound()) {
        // Too deep after the brackets of the generator is the only way to fail.
        let parsed = try_everything(&source)?;
        prop_assert!(parsed || source.len() > 100, "{}", source);
    }

    #[test]
    fn no_document_panics(text in "[-a-c:\\[\\]{}&*!|>'\"# \\n\\t.=0-9,?%@~à]{0,60}") {
        let mut problems = Problems::new();
        for node in [Document::yaml("a.yaml", &text, &mut problems), Document::toml("a.toml", &text, &mut problems)].into_iter().flatten() {
            node.to_json();
            if let Some(mut map) = node.as_map(&mut problems) {
                map.entries();
                map.finish(&mut problems);
            }
        }
        prop_assert!(!problems.to_string().contains("0:0"));
    }
}
