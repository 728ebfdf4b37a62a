//! Reading a declaration: every problem at once.

use schema::{Document, Map, Node, Problems, envelope};

use super::field::{Column, FieldDefinition, Gives, Kind, LinkTarget, OptionWords, Shape};
use super::{
    Duplicate, FORMAT, Fresh, LONGEST_KEY, Level, Readers, RecordDefinition, Retention, Rule, Share, Sharing, Update,
    Words, check,
};
use schema::feel::Expression;
use schema::field::{Class, Condition, FieldKind, Options, read_kind};

/// The longest word of a choice or label, in characters.
const LONGEST_WORD: usize = 300;
/// The longest sentence.
const LONGEST_SENTENCE: usize = 1_000;
const TABLE_ROWS: u32 = 100;
const MOST_ROWS: u32 = 1_000;
const MOST_FILES: u32 = 20;
const MOST_OPTIONS: usize = 500;
const CLASSES: [(&str, Class); 4] = [
    ("public", Class::Public),
    ("internal", Class::Internal),
    ("personal", Class::Personal),
    ("sensitive", Class::Sensitive),
];

impl RecordDefinition {
    /// Reads a declaration; `label` is the file that problems name. What comes back is whole only if no problem was reported.
    pub fn read(label: &str, text: &str, problems: &mut Problems) -> Option<Self> {
        let before = problems.len();
        let root = Document::yaml(label, text, problems)?;
        let opened = envelope(&root, FORMAT, problems)?;
        let mut map = opened.map;
        let record = map
            .required("record", problems)
            .and_then(|node| register_key(&node, problems));
        let words = words(&mut map, LONGEST_WORD, problems);
        let about = map
            .required("about", problems)
            .and_then(|node| both(&node, LONGEST_SENTENCE, problems));
        let sources = map
            .optional("sources")
            .map(|node| node.strings(problems))
            .unwrap_or_default();
        let owner = map
            .required("owner", problems)
            .and_then(|node| node.non_empty_string(problems));
        let enters = map.optional("enters").map_or_else(Vec::new, |node| {
            node.each(problems, |item, problems| {
                let levels = [
                    ("province", Level::Province),
                    ("district", Level::District),
                    ("commune", Level::Commune),
                ];
                item.choice(&levels, problems)
            })
        });
        let place = map.optional("place").and_then(|node| node.key(problems));
        let basis = map
            .optional("basis")
            .map(|node| node.strings(problems))
            .unwrap_or_default();
        let sharing = map.required("sharing", problems).map(|node| {
            node.each(problems, |item, problems| {
                let forms = [
                    ("open", Sharing::Open),
                    ("default", Sharing::Default),
                    ("specific", Sharing::Specific),
                ];
                item.choice(&forms, problems)
            })
        });
        let update = map.required("update", problems).and_then(|node| {
            let ways = [
                ("entry", Update::Entry),
                ("import", Update::Import),
                ("exchange", Update::Exchange),
                ("operation", Update::Operation),
            ];
            node.choice(&ways, problems)
        });
        let upstream = map
            .optional("upstream")
            .and_then(|node| node.non_empty_string(problems));
        if upstream.is_none() && update == Some(Update::Exchange) {
            problems.at(
                map.node(),
                "registry.upstream",
                "a register that comes from the exchange names the national database: upstream",
            );
        }
        let readers = map.required("readers", problems).and_then(|node| {
            let who = [
                ("everybody", Readers::Everybody),
                ("officials", Readers::Officials),
                ("owner", Readers::Owner),
            ];
            node.choice(&who, problems)
        });
        let approval = flag(&mut map, "approval", problems);
        let retention = map
            .required("retention", problems)
            .and_then(|node| retention(&node, problems));
        let catalogue = flag(&mut map, "catalogue", problems);
        let title = map.required("title", problems).and_then(|node| node.key(problems));
        let keys = map.required("key", problems).map(|node| node.keys(problems));
        let list = map.required("list", problems).map(|node| node.keys(problems));
        let duplicates = map
            .optional("duplicates")
            .map_or_else(Vec::new, |node| node.each(problems, duplicate));
        let fresh = map.optional("fresh").and_then(|node| fresh(&node, problems));
        let fields = map
            .required("fields", problems)
            .map_or_else(Vec::new, |node| node.each(problems, field));
        let rules = map
            .optional("rules")
            .map_or_else(Vec::new, |node| node.each(problems, rule));
        let shared = map
            .optional("shared")
            .map_or_else(Vec::new, |node| node.each(problems, share));
        map.finish(problems);
        let definition = Self {
            format: FORMAT,
            record: record?,
            words: words?,
            about: about?,
            sources,
            owner: owner?,
            enters,
            place,
            basis,
            sharing: sharing?,
            update: update?,
            upstream,
            readers: readers?,
            approval,
            retention: retention?,
            catalogue,
            title: title?,
            key: keys?,
            list: list?,
            duplicates,
            fresh,
            fields,
            rules,
            shared,
        };
        check::check(&definition, &root, problems);
        (problems.len() == before).then_some(definition)
    }
}

/// A key of a register or field: small letters, digits and `_`, no longer than what becomes an identifier.
fn key(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = node.key(problems)?;
    if text.len() > LONGEST_KEY || text.contains('-') || text.contains("__") || text.ends_with('_') {
        problems
            .at(node, "registry.key", format!("\"{text}\" cannot be a key here"))
            .hint(format!(
                "small letters, digits and single _ only, at most {LONGEST_KEY} of them"
            ));
        return None;
    }
    Some(text)
}

/// A key of a register: its table must not take the name of an index.
fn register_key(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = key(node, problems)?;
    if super::is_name_of_index(&text) {
        problems.at(node, "registry.reserved", format!("indexes are called like \"{text}\""));
    }
    Some(text)
}

/// A key of a field: it must be a name of FEEL too.
fn field_key(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = key(node, problems)?;
    let is_name = Expression::parse(&text).is_ok_and(|parsed| parsed.names().iter().eq([&text]));
    if !is_name {
        problems.at(
            node,
            "registry.field_key",
            format!("\"{text}\" cannot be a name in expressions"),
        );
    }
    if super::RESERVED.contains(&text.as_str()) {
        problems.at(
            node,
            "registry.reserved",
            format!("every register has a column \"{text}\" already"),
        );
    }
    Some(text)
}

fn sentence(node: &Node, longest: usize, problems: &mut Problems) -> Option<String> {
    let text = node.non_empty_string(problems)?;
    if text.chars().count() > longest {
        problems.at(node, "registry.words", format!("longer than {longest} characters"));
    }
    Some(text)
}

/// The keys `vi` and `en` of a mapping that has others too.
fn words(map: &mut Map, longest: usize, problems: &mut Problems) -> Option<Words> {
    let vi = map
        .required("vi", problems)
        .and_then(|node| sentence(&node, longest, problems));
    let en = map
        .required("en", problems)
        .and_then(|node| sentence(&node, longest, problems));
    Some(Words { vi: vi?, en: en? })
}

/// A mapping of `vi` and `en`.
fn both(node: &Node, longest: usize, problems: &mut Problems) -> Option<Words> {
    let mut map = node.as_map(problems)?;
    let words = words(&mut map, longest, problems);
    map.finish(problems);
    words
}

fn flag(map: &mut Map, name: &str, problems: &mut Problems) -> bool {
    map.optional(name)
        .and_then(|node| node.boolean(problems))
        .unwrap_or(false)
}

fn retention(node: &Node, problems: &mut Problems) -> Option<Retention> {
    let mut map = node.as_map(problems)?;
    let years = map.optional("years").and_then(|node| node.count(problems));
    let forever = flag(&mut map, "forever", problems);
    map.finish(problems);
    match (years, forever) {
        (Some(years), false) if (1..=200).contains(&years) => Some(Retention::Years(years)),
        (None, true) => Some(Retention::Forever),
        _ => {
            problems
                .at(node, "registry.retention", "how long an ended record is kept")
                .hint("write { years: 10 } or { forever: true }");
            None
        }
    }
}

fn duplicate(node: &Node, problems: &mut Problems) -> Option<Duplicate> {
    let mut map = node.as_map(problems)?;
    let same = map.optional("same").map(|node| node.keys(problems)).unwrap_or_default();
    let alike = map
        .optional("alike")
        .map(|node| node.keys(problems))
        .unwrap_or_default();
    if same.is_empty() && alike.is_empty() {
        problems.at(node, "registry.duplicates", "names no field: same, alike");
    }
    map.finish(problems);
    Some(Duplicate { same, alike })
}

fn fresh(node: &Node, problems: &mut Problems) -> Option<Fresh> {
    let mut map = node.as_map(problems)?;
    let days = map.required("days", problems).and_then(|node| node.count(problems));
    let by = map.optional("by").and_then(|node| node.key(problems));
    map.finish(problems);
    Some(Fresh { days: days?, by })
}

fn rule(node: &Node, problems: &mut Problems) -> Option<Rule> {
    let mut map = node.as_map(problems)?;
    let rule = map.required("rule", problems).and_then(|node| key(&node, problems));
    let that = map.required("that", problems).and_then(|node| node.feel(problems));
    let field = map.required("field", problems).and_then(|node| node.key(problems));
    let warn = map
        .optional("level")
        .and_then(|node| node.choice(&[("refuse", false), ("warn", true)], problems))
        .unwrap_or(false);
    let words = words(&mut map, LONGEST_SENTENCE, problems);
    map.finish(problems);
    Some(Rule {
        rule: rule?,
        that: that?,
        field: field?,
        warn,
        words: words?,
    })
}

fn share(node: &Node, problems: &mut Problems) -> Option<Share> {
    let mut map = node.as_map(problems)?;
    let with = map.required("with", problems).map(|node| node.strings(problems));
    let fields = map
        .optional("fields")
        .map(|node| node.keys(problems))
        .unwrap_or_default();
    let purpose = words(&mut map, LONGEST_SENTENCE, problems);
    let basis = map.optional("basis").and_then(|node| node.non_empty_string(problems));
    map.finish(problems);
    Some(Share {
        with: with?,
        fields,
        purpose: purpose?,
        basis,
    })
}

fn field(node: &Node, problems: &mut Problems) -> Option<FieldDefinition> {
    let mut map = node.as_map(problems)?;
    let field = map
        .required("field", problems)
        .and_then(|node| field_key(&node, problems));
    let own = words(&mut map, LONGEST_WORD, problems);
    let help = map
        .optional("help")
        .and_then(|node| both(&node, LONGEST_SENTENCE, problems));
    let read = kind(&mut map, problems);
    let required = match map.optional("required") {
        None => Some(Condition::Never),
        Some(node) if node.is_string() => node.feel(problems).map(Condition::When),
        Some(node) => node
            .boolean(problems)
            .map(|yes| if yes { Condition::Always } else { Condition::Never }),
    };
    let unique = flag(&mut map, "unique", problems);
    let search = flag(&mut map, "search", problems);
    let class = map
        .required("class", problems)
        .and_then(|node| node.choice(&CLASSES, problems));
    let unit = map.optional("unit").and_then(|node| node.non_empty_string(problems));
    let examples = map.optional("examples").map_or_else(Vec::new, |node| {
        node.each(problems, |item, problems| match item.is_string() {
            true => item.string(problems),
            // Numbers may stand bare.
            false => item.decimal(problems).map(|number| number.to_string()),
        })
    });
    map.finish(problems);
    let (kind, options) = read?;
    let is_number = matches!(kind, Kind::Person | Kind::Plain(FieldKind::PersonalNumber));
    if is_number && matches!(class, Some(Class::Public | Class::Internal)) {
        problems
            .at(node, "registry.person_class", "a personal number is personal data")
            .hint("class: personal, or sensitive");
    }
    Some(FieldDefinition {
        field: field?,
        words: own?,
        help,
        kind,
        options,
        required: required?,
        unique,
        search,
        class: class?,
        unit,
        examples,
    })
}

/// The keys of a field that say what sort of value it takes, with the words of its choices.
fn kind(map: &mut Map, problems: &mut Problems) -> Option<(Kind, Vec<OptionWords>)> {
    let node = map.required("type", problems)?;
    let bare = |kind: Kind| Some((kind, Vec::new()));
    match node.text().unwrap_or_default() {
        "moment" => bare(Kind::Moment),
        "period" => bare(Kind::Period),
        "person" => bare(Kind::Person),
        "point" => bare(Kind::Geometry(Shape::Point)),
        "line" => bare(Kind::Geometry(Shape::Line)),
        "polygon" => bare(Kind::Geometry(Shape::Polygon)),
        "link" => {
            let to = map.required("to", problems).and_then(|node| key(&node, problems))?;
            bare(Kind::Link(match to.as_str() {
                "agency" => LinkTarget::Agency,
                _ => LinkTarget::Register(to),
            }))
        }
        "rows" => {
            let columns = map
                .required("columns", problems)
                .map_or_else(Vec::new, |node| node.each(problems, column));
            let most = bounded(map, "most", TABLE_ROWS, MOST_ROWS, problems);
            bare(Kind::Rows { columns, most })
        }
        "computed" => {
            let value = map.required("value", problems).and_then(|node| node.feel(problems));
            let gives = map.required("gives", problems).and_then(|node| {
                let gives = [
                    ("text", Gives::Text),
                    ("number", Gives::Number),
                    ("date", Gives::Date),
                    ("yes_no", Gives::YesNo),
                ];
                node.choice(&gives, problems)
            });
            bare(Kind::Computed {
                value: value?,
                gives: gives?,
            })
        }
        "file" => bare(Kind::File {
            most: bounded(map, "most", 1, MOST_FILES, problems),
        }),
        word => plain(word, &node, map, problems).map(|(kind, options)| (Kind::Plain(kind), options)),
    }
}

/// A kind that forms know too. Choices carry their words here.
fn plain(word: &str, node: &Node, map: &mut Map, problems: &mut Problems) -> Option<(FieldKind, Vec<OptionWords>)> {
    match word {
        "choice" | "choices" => {
            let options = map
                .required("options", problems)
                .map_or_else(Vec::new, |node| options(&node, problems));
            let own = Options::Own(options.iter().map(|option| option.code.clone()).collect());
            let kind = match word {
                "choice" => FieldKind::Choice { options: own },
                _ => FieldKind::Choices { options: own },
            };
            Some((kind, options))
        }
        "address" => {
            problems
                .at(
                    node,
                    "registry.address",
                    "registers keep an address as an area and a text",
                )
                .hint("one field of type area for the ward, one of type text for the rest");
            None
        }
        _ => read_kind(map, problems).map(|kind| (kind, Vec::new())),
    }
}

fn options(node: &Node, problems: &mut Problems) -> Vec<OptionWords> {
    let read = node.each(problems, |item, problems| {
        let mut map = item.as_map(problems)?;
        let code = map.required("code", problems).and_then(|node| node.key(problems));
        let words = words(&mut map, LONGEST_WORD, problems);
        let from = map.optional("from").and_then(|node| node.date(problems));
        let to = map.optional("to").and_then(|node| node.date(problems));
        map.finish(problems);
        Some(OptionWords {
            code: code?,
            words: words?,
            from,
            to,
        })
    });
    if node.is_list() && (read.is_empty() || read.len() > MOST_OPTIONS) {
        problems.at(
            node,
            "registry.options",
            format!("a choice has 1 to {MOST_OPTIONS} options"),
        );
    }
    for (place, option) in read.iter().enumerate() {
        let again = read[..place].iter().any(|other| {
            other.code == option.code
                // The same code may mean another thing at another time.
                && !(other.to.is_some_and(|to| option.from.is_some_and(|from| to < from))
                    || option.to.is_some_and(|to| other.from.is_some_and(|from| to < from)))
        });
        if again {
            problems.at(
                node,
                "registry.options",
                format!("the code \"{}\" is listed twice", option.code),
            );
        }
    }
    read
}

fn column(node: &Node, problems: &mut Problems) -> Option<Column> {
    let mut map = node.as_map(problems)?;
    let column = map
        .required("field", problems)
        .and_then(|node| field_key(&node, problems));
    let own = words(&mut map, LONGEST_WORD, problems);
    let word = map.required("type", problems)?;
    let read = plain(word.text().unwrap_or_default(), &word, &mut map, problems);
    let required = flag(&mut map, "required", problems);
    map.finish(problems);
    let (kind, options) = read?;
    if matches!(kind, FieldKind::Area) || kind.catalogue().is_some() {
        problems.at(
            &word,
            "registry.column",
            format!("a table takes no column of type {}", kind.word()),
        );
    }
    Some(Column {
        column: column?,
        words: own?,
        kind,
        options,
        required,
    })
}

fn bounded(map: &mut Map, name: &str, usual: u32, most: u32, problems: &mut Problems) -> u32 {
    let Some(node) = map.optional(name) else {
        return usual;
    };
    match node.count(problems) {
        Some(count) if (1..=most).contains(&count) => count,
        Some(count) => {
            problems.at(&node, "registry.range", format!("{count} is not between 1 and {most}"));
            usual
        }
        None => usual,
    }
}
