//! Declarations are read with every problem at once, each at its place.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use schema::{Document, FileName, Node, Problems, Texts, envelope, fill, placeholders};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Number,
}

fn yaml(text: &str) -> (Option<Node>, Problems) {
    let mut problems = Problems::new();
    let node = Document::yaml("a.form.yaml", text, &mut problems);
    (node, problems)
}

fn toml(text: &str) -> (Option<Node>, Problems) {
    let mut problems = Problems::new();
    let node = Document::toml("app.toml", text, &mut problems);
    (node, problems)
}

/// Reads `value: …` by `read` and gives the value or the problem codes.
fn value<T>(source: &str, read: impl Fn(&Node, &mut Problems) -> T) -> Result<T, String> {
    let (node, mut problems) = yaml(&format!("value: {source}"));
    let node = node
        .expect("a tree")
        .as_map(&mut problems)
        .expect("a map")
        .required("value", &mut problems)
        .expect("a value");
    let value = read(&node, &mut problems);
    if problems.is_empty() {
        Ok(value)
    } else {
        Err(problems.codes().join(" "))
    }
}

#[test]
fn a_decoder_reports_everything_at_once() {
    let source = "format: 1\nkey: Ho-So\nversion: two\nkind: txt\ntitel: Tên\nsince: 2026-02-30\n";
    let (node, mut problems) = yaml(source);
    let mut map = envelope(&node.unwrap(), 1, &mut problems).unwrap().map;
    let key = map
        .required("key", &mut problems)
        .and_then(|node| node.key(&mut problems));
    let version = map
        .optional("version")
        .and_then(|node| node.integer(&mut problems))
        .unwrap_or(1);
    let kinds = [("text", Kind::Text), ("number", Kind::Number)];
    let kind = map
        .required("kind", &mut problems)
        .and_then(|node| node.choice(&kinds, &mut problems));
    let title = map
        .required("title", &mut problems)
        .and_then(|node| node.string(&mut problems));
    let since = map.optional("since").and_then(|node| node.date(&mut problems));
    map.finish(&mut problems);
    assert_eq!((key, version, kind, title, since), (None, 1, None, None, None));
    let expected = "\
a.form.yaml:1:1 schema.missing_key the key \"title\" is missing
a.form.yaml:2:6 schema.bad_key \"Ho-So\" is not an identifier
  small letters a-z, digits, - and _, starting with a letter, at most 63 characters
a.form.yaml:3:10 schema.expected_integer expected a whole number, found text
a.form.yaml:4:7 schema.unknown_choice \"txt\" is not allowed here
  did you mean \"text\"?
a.form.yaml:5:1 schema.unknown_key unknown key \"titel\"
  did you mean \"title\"?
a.form.yaml:6:8 schema.expected_date expected a date, found text
  year-month-day that exists, such as 2026-07-01";
    assert_eq!(problems.to_string(), expected);
}

#[test]
fn a_sound_declaration_has_no_problems() {
    let (node, mut problems) =
        yaml("format: 1\nkinds: [text, number]\nfees:\n  - name: Lệ phí\n    amount: 15000.50\n    from: 2026-07-01\n");
    let mut map = envelope(&node.unwrap(), 3, &mut problems).unwrap().map;
    let kinds = map.required("kinds", &mut problems).map(|node| {
        node.each(&mut problems, |item, problems| {
            item.choice(&[("text", Kind::Text), ("number", Kind::Number)], problems)
        })
    });
    let fees = map
        .required("fees", &mut problems)
        .unwrap()
        .each(&mut problems, |item, problems| {
            let mut fee = item.as_map(problems)?;
            let name = fee.required("name", problems)?.string(problems);
            let amount = fee.required("amount", problems)?.decimal(problems);
            let from = fee.required("from", problems)?.date(problems);
            fee.finish(problems);
            Some((name?, amount?, from?))
        });
    map.finish(&mut problems);
    assert_eq!(problems.to_string(), "");
    assert_eq!(kinds, Some(vec![Kind::Text, Kind::Number]));
    let day = NaiveDate::from_ymd_opt(2026, 7, 1).unwrap();
    assert_eq!(fees, vec![("Lệ phí".to_owned(), Decimal::new(1500050, 2), day)]);
}

#[test]
fn scalars_are_exact_or_refused() {
    assert_eq!(
        value("0.1000000000000000000000000001", Node::decimal)
            .unwrap()
            .unwrap()
            .to_string(),
        "0.1000000000000000000000000001"
    );
    assert_eq!(value("+7", Node::integer), Ok(Some(7)));
    assert_eq!(value("-7", Node::decimal), Ok(Some(Decimal::from(-7))));
    assert_eq!(value("07", Node::integer), Err("schema.expected_integer".into()));
    assert_eq!(value("0x1F", Node::integer), Err("schema.expected_integer".into()));
    assert_eq!(
        value("99999999999999999999", Node::integer),
        Err("schema.expected_integer".into())
    );
    assert_eq!(value("-1", Node::count), Err("schema.out_of_range".into()));
    assert_eq!(value("1e3", Node::decimal), Err("schema.expected_number".into()));
    assert_eq!(value(".inf", Node::decimal), Err("schema.expected_number".into()));
    assert_eq!(value("no", Node::string), Ok(Some("no".into())));
    assert_eq!(value("no", Node::boolean), Err("schema.expected_boolean".into()));
    assert_eq!(value("true", Node::boolean), Ok(Some(true)));
    assert_eq!(value("true", Node::string), Err("schema.expected_text".into()));
    assert_eq!(value("0123", Node::string), Err("schema.expected_text".into()));
    assert_eq!(value("\"0123\"", Node::string), Ok(Some("0123".into())));
    assert_eq!(value("", Node::string), Err("schema.expected_text".into()));
    assert_eq!(value("\"  \"", Node::non_empty_string), Err("schema.empty_text".into()));
    assert_eq!(value("2026-7-1", Node::date), Err("schema.expected_date".into()));
    assert_eq!(value("2026-07-01", Node::date), Ok(NaiveDate::from_ymd_opt(2026, 7, 1)));
    assert_eq!(value("07:30", Node::time).unwrap().unwrap().to_string(), "07:30:00");
    assert_eq!(
        value("2026-07-01T08:00:00+07:00", Node::date_time)
            .unwrap()
            .unwrap()
            .to_rfc3339(),
        "2026-07-01T08:00:00+07:00"
    );
    assert_eq!(value("[a, b]", Node::keys), Ok(vec!["a".into(), "b".into()]));
    assert_eq!(value("[a, a]", Node::keys), Err("schema.duplicate_item".into()));
    assert_eq!(value("a", Node::strings), Err("schema.expected_list".into()));
    assert!(value("a", |node, problems| node.as_map(problems).is_some()).is_err());
}

#[test]
fn yaml_beyond_plain_declarations_is_refused() {
    let refused = |text: &str| yaml(text).1.codes().join(" ");
    assert_eq!(refused("a: &x 1\nb: 2\n"), "schema.anchor");
    assert_eq!(refused("a: &x [1]\nb: *x\n"), "schema.anchor schema.alias");
    assert_eq!(refused("a: !!str 1\n"), "schema.tag");
    assert_eq!(refused("a: !mine {b: 1}\n"), "schema.tag");
    assert_eq!(refused("a: 1\nb: 2\na: 3\n"), "schema.duplicate_key");
    assert_eq!(refused("a: 1\n\"a\": 3\n"), "schema.duplicate_key");
    assert_eq!(refused("? [1, 2]\n: b\n"), "schema.bad_mapping_key");
    assert_eq!(refused("a: 1\n---\nb: 2\n"), "schema.several_documents");
    assert_eq!(refused(""), "schema.empty_file");
    assert_eq!(refused("# only words\n"), "schema.empty_file");
    assert_eq!(refused("a: [1\n"), "schema.syntax");
    assert_eq!(refused("a: 1\n\tb: 2\n"), "schema.syntax");
    assert_eq!(refused("ten: Ho\u{0300} so\u{031b}\n"), "schema.not_nfc");
    assert_eq!(refused("\u{feff}a: 1\n"), "");
}

#[test]
fn size_and_depth_are_capped() {
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert_eq!(yaml(&deep(64)).1.codes(), Vec::<&str>::new());
    assert_eq!(yaml(&deep(65)).1.codes(), ["schema.too_deep"]);
    assert_eq!(yaml(&"[".repeat(500_000)).1.len(), 1);
    assert_eq!(yaml(&"a".repeat(1024 * 1024 + 1)).1.codes(), ["schema.too_large"]);
    assert!(!toml(&format!("a = {}", deep(65))).1.is_empty());
    assert!(!toml(&format!("a = {}", deep(200_000))).1.is_empty());
    assert!(!toml(&format!("{}a = 1", "a.".repeat(70))).1.is_empty());
    assert!(!toml(&format!("{}a = 1", "a.".repeat(200_000))).1.is_empty());
    assert!(!toml(&format!("[{}a]\nb = 1", "a.".repeat(200_000))).1.is_empty());
}

#[test]
fn toml_reads_like_yaml() {
    let text = "format = 1\nkey = \"so-ho-khau\"\nrate = 1_000.50\nsince = 2026-07-01\nwords = '''\nhai\ndòng'''\n[owner]\nunit = \"a\"\n[[step]]\nn = 1\n[[step]]\nn = 2\n";
    let (node, mut problems) = toml(text);
    let mut map = envelope(&node.unwrap(), 1, &mut problems).unwrap().map;
    assert_eq!(
        map.required("key", &mut problems)
            .unwrap()
            .key(&mut problems)
            .as_deref(),
        Some("so-ho-khau")
    );
    assert_eq!(
        map.required("rate", &mut problems).unwrap().decimal(&mut problems),
        Some(Decimal::new(100050, 2))
    );
    assert_eq!(
        map.required("since", &mut problems).unwrap().date(&mut problems),
        NaiveDate::from_ymd_opt(2026, 7, 1)
    );
    assert_eq!(
        map.required("words", &mut problems)
            .unwrap()
            .string(&mut problems)
            .as_deref(),
        Some("hai\ndòng")
    );
    let mut owner = map
        .required("owner", &mut problems)
        .unwrap()
        .as_map(&mut problems)
        .unwrap();
    assert_eq!(
        owner.required("unit", &mut problems).unwrap().pos().to_string(),
        "app.toml:9:8"
    );
    owner.finish(&mut problems);
    let steps = map.required("step", &mut problems).unwrap();
    let numbers = steps.each(&mut problems, |step, problems| {
        step.as_map(problems)?.required("n", problems)?.integer(problems)
    });
    assert_eq!(numbers, [1, 2]);
    map.finish(&mut problems);
    assert_eq!(problems.to_string(), "");
}

#[test]
fn toml_problems_have_places() {
    let (node, problems) = toml("a = 1\na = 2\n");
    assert!(node.is_none());
    assert_eq!(
        (problems.codes(), problems.iter().next().unwrap().line),
        (vec!["schema.syntax"], 2)
    );
    let (node, mut problems) = toml("a = 1\n[b]\ntitle = \"ê\"\nextra = \"x\"\n");
    let mut map = node.unwrap().as_map(&mut problems).unwrap();
    map.optional("a");
    let mut inner = map.required("b", &mut problems).unwrap().as_map(&mut problems).unwrap();
    inner.required("title", &mut problems).unwrap().integer(&mut problems);
    inner.finish(&mut problems);
    map.finish(&mut problems);
    let places: Vec<String> = problems
        .sorted()
        .iter()
        .map(|found| format!("{}:{} {}", found.line, found.column, found.code))
        .collect();
    assert_eq!(places, ["3:9 schema.expected_integer", "4:1 schema.unknown_key"]);
}

#[test]
fn the_envelope_needs_a_known_format_first() {
    let opened = |text: &str| {
        let (node, mut problems) = yaml(text);
        let opened = envelope(&node.unwrap(), 2, &mut problems).map(|envelope| envelope.format);
        (opened, problems.codes().join(" "))
    };
    assert_eq!(opened("format: 2\nkey: a\n"), (Some(2), String::new()));
    assert_eq!(
        opened("key: a\nformat: 1\n"),
        (Some(1), "schema.format_not_first".into())
    );
    assert_eq!(opened("format: 3\n"), (None, "schema.unknown_format".into()));
    assert_eq!(opened("format: 0\n"), (None, "schema.unknown_format".into()));
    assert_eq!(opened("format: one\n"), (None, "schema.expected_integer".into()));
    assert_eq!(opened("key: a\n"), (None, "schema.missing_format".into()));
    assert_eq!(opened("- a\n"), (None, "schema.expected_mapping".into()));
}

#[test]
fn file_names_tell_the_kind() {
    let parse = |path: &str| FileName::parse(path).map(|file| (file.name, file.kind));
    assert_eq!(
        parse("registry/licence.record.yaml"),
        Some((Some("licence".into()), "record".into()))
    );
    assert_eq!(
        parse("scenarios/01-granted.scenario.yaml"),
        Some((Some("01-granted".into()), "scenario".into()))
    );
    assert_eq!(parse("dossiers/procedure.yaml"), Some((None, "procedure".into())));
    assert_eq!(parse("a.b.form.yaml"), None);
    assert_eq!(parse("Licence.form.yaml"), None);
    assert_eq!(parse("licence.form.yml"), None);
    assert_eq!(parse(".form.yaml"), None);
}

#[test]
fn free_mappings_keep_order_and_places() {
    let (node, mut problems) = yaml("b: 1\na: 2\nB: 3\n");
    let mut map = node.unwrap().as_map(&mut problems).unwrap();
    let keys: Vec<String> = map
        .entries()
        .iter()
        .filter_map(|(key, _)| key.key(&mut problems))
        .collect();
    map.finish(&mut problems);
    assert_eq!(keys, ["b", "a"]);
    assert_eq!(
        problems.to_string().lines().next(),
        Some("a.form.yaml:3:1 schema.bad_key \"B\" is not an identifier")
    );
}

#[test]
fn a_tree_becomes_json() {
    let (node, _) = yaml("a: [1, 1.50, yes, true, ~]\nb: {c: 0.1000000000000000000000000001}\n");
    let expected = serde_json::json!({"a": [1, 1.5, "yes", true, null], "b": {"c": "0.1000000000000000000000000001"}});
    assert_eq!(node.unwrap().to_json(), expected);
}

#[test]
fn texts_are_flat_and_checked() {
    let mut problems = Problems::new();
    let mut vi = Texts::load(
        "vi/errors.toml",
        "[dossiers]\nnot_found = \"Không tìm thấy hồ sơ {code}.\"\n[dossiers.open]\nok = \"Đã nộp\"\n",
        &mut problems,
    );
    assert_eq!(problems.to_string(), "");
    assert_eq!(
        vi.keys().collect::<Vec<_>>(),
        ["dossiers.not_found", "dossiers.open.ok"]
    );
    let params = [("code".to_owned(), "H30-1".to_owned())].into();
    assert_eq!(
        vi.filled("dossiers.not_found", &params).as_deref(),
        Some("Không tìm thấy hồ sơ H30-1.")
    );
    let en = Texts::load(
        "en/errors.toml",
        "[dossiers]\nnot_found = \"No dossier {number}.\"\nmore = \"x\"\n",
        &mut problems,
    );
    vi.check_translation(&en, &mut problems);
    assert_eq!(
        problems.codes(),
        [
            "schema.placeholders_differ",
            "schema.missing_translation",
            "schema.missing_translation"
        ]
    );
    let mut problems = Problems::new();
    let again = Texts::load("vi/more.toml", "dossiers.not_found = \"Lại\"\n", &mut problems);
    vi.merge(again, &mut problems);
    let bad = Texts::load(
        "vi/bad.toml",
        "n = 1\nE = \"x\"\n\"a.b\" = \"x\"\nopen = \"{\"\nshout = \"{Name}\"\nlist = [\"a\"]\nempty = \"\"\n",
        &mut problems,
    );
    assert!(bad.is_empty());
    let expected = [
        "schema.expected_text",
        "schema.bad_text_key",
        "schema.bad_text_key",
        "schema.bad_placeholder",
        "schema.bad_placeholder",
        "schema.expected_text",
        "schema.empty_text",
        "schema.duplicate_text",
    ];
    assert_eq!(problems.codes(), expected);
}

#[test]
fn placeholders_are_parsed() {
    assert_eq!(
        placeholders("Xin chào {name}, {count} hồ sơ của {name}, {person.full_name}"),
        Ok(vec!["name".into(), "count".into(), "person.full_name".into()])
    );
    assert_eq!(placeholders("{{not}}"), Ok(vec![]));
    for bad in ["{", "}", "a } b", "{}", "{a b}", "{ a }", "{a..b}", "{1}"] {
        assert!(placeholders(bad).is_err(), "{bad}");
    }
    let params = [("a".to_owned(), "{b}".to_owned())].into();
    assert_eq!(fill("{{{a}}} {b}", &params), "{{b}} {b}");
    assert_eq!(fill("{a} {", &params), "{a} {");
}
