//! The reader of `forms/<name>.form.yaml`: reports everything that is wrong at once.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use schema::feel::{Expression, Type, TypeScope, infer};
use schema::{Document, FileName, Map, Node, Problems, envelope};

use super::{
    CheckDefinition, Class, Condition, FORMAT, FieldDefinition, FieldKind, FormDefinition, Options, PageContent,
    PageDefinition, Pattern, Prefill,
};

/// Keys that would collide in the texts: `forms.<form>.check.<code>`, `<field>.label`.
const RESERVED: [&str; 1] = ["check"];
const RESERVED_OPTIONS: [&str; 3] = ["label", "hint", "title"];
/// The longest text that a form may ask for, in characters.
const LONGEST_TEXT: u32 = 20_000;
/// The most decimal places: with them every answer is exact as a JSON number.
const MOST_DECIMALS: u32 = 6;
const TYPES: [&str; 17] = [
    "text",
    "long_text",
    "name",
    "date",
    "number",
    "money",
    "phone",
    "email",
    "personal_number",
    "tax_number",
    "choice",
    "choices",
    "yes_no",
    "address",
    "area",
    "catalogue",
    "papers",
];

/// An expression to be checked when all fields are known.
struct Pending {
    node: Node,
    expression: Expression,
    scope: TypeScope,
}

#[derive(Default)]
struct Reader {
    pages: BTreeSet<String>,
    fields: BTreeSet<String>,
    papers: BTreeSet<String>,
    checks: BTreeSet<String>,
    scope: TypeScope,
    pending: Vec<Pending>,
}

impl FormDefinition {
    /// Reads the characters of a `*.form.yaml` file; `None` if anything is wrong, and every problem is reported.
    pub fn read(label: &str, yaml: &str, problems: &mut Problems) -> Option<Self> {
        let before = problems.len();
        let node = Document::yaml(label, yaml, problems)?;
        let definition = Self::from_node(&node, problems)?;
        if let Some(FileName { name: Some(name), kind }) = FileName::parse(label)
            && kind == "form"
            && name != definition.form
        {
            let message = format!("the file is called \"{name}\", the form \"{}\"", definition.form);
            problems
                .at(&node, "forms.name_differs", message)
                .hint("give both the same name");
        }
        (problems.len() == before).then_some(definition)
    }

    /// The same from a tree.
    pub fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        let before = problems.len();
        let mut top = envelope(node, FORMAT, problems)?;
        let form = top.map.required("form", problems).and_then(|form| form.key(problems));
        let mut reader = Reader::default();
        let pages = match top.map.required("pages", problems) {
            Some(list) => {
                let pages = list.each(problems, |page, problems| reader.page(page, problems));
                if list.is_list() && list.list(problems).is_empty() {
                    problems.at(&list, "forms.no_pages", "a form needs at least one page");
                }
                pages
            }
            None => Vec::new(),
        };
        top.map.finish(problems);
        reader.check_expressions(problems);
        let form = form?;
        (problems.len() == before).then_some(Self {
            format: top.format,
            form,
            pages,
        })
    }
}

impl Reader {
    fn page(&mut self, node: &Node, problems: &mut Problems) -> Option<PageDefinition> {
        let mut map = node.as_map(problems)?;
        let key = map.required("page", problems).and_then(|key| {
            let text = key.key(problems)?;
            if RESERVED.contains(&text.as_str()) {
                problems.at(
                    &key,
                    "forms.reserved_key",
                    format!("\"{text}\" has another meaning in the texts"),
                );
            }
            if !self.pages.insert(text.clone()) {
                problems.at(
                    &key,
                    "forms.duplicate_page",
                    format!("there is a page \"{text}\" already"),
                );
            }
            Some(text)
        });
        // Only what was asked before may decide whether a page is asked.
        let when = map
            .optional("when")
            .and_then(|when| self.expression(&when, self.scope.clone(), problems));
        let fields = map.optional("fields");
        let papers = map.optional("papers");
        let check = map.optional("check");
        let content = match (fields, papers) {
            (Some(fields), None) => {
                let first = self.pending.len();
                let read = fields.each(problems, |field, problems| self.field(field, problems));
                if fields.is_list() && fields.list(problems).is_empty() {
                    problems.at(&fields, "forms.empty_page", "the page asks for nothing");
                }
                // `required` may look at the other fields of its page.
                for pending in &mut self.pending[first..] {
                    pending.scope = self.scope.clone();
                }
                PageContent::Fields(read)
            }
            (None, Some(papers)) => {
                let keys = papers.keys(problems);
                if papers.is_list() && keys.is_empty() {
                    problems.at(&papers, "forms.empty_page", "the page asks for nothing");
                }
                for key in &keys {
                    if !self.papers.insert(key.clone()) {
                        problems.at(
                            &papers,
                            "forms.duplicate_paper",
                            format!("the paper \"{key}\" is asked for twice"),
                        );
                    }
                }
                PageContent::Papers(keys)
            }
            _ => {
                problems
                    .at(node, "forms.page_content", "a page has either fields or papers")
                    .hint("write fields: […] or papers: […]");
                PageContent::Papers(Vec::new())
            }
        };
        let checks = match (check, &content) {
            (None, _) => Vec::new(),
            (Some(check), PageContent::Fields(fields)) => {
                check.each(problems, |check, problems| self.check(check, fields, problems))
            }
            (Some(check), PageContent::Papers(_)) => {
                problems.at(&check, "forms.page_content", "a page of papers has no checks");
                Vec::new()
            }
        };
        map.finish(problems);
        Some(PageDefinition {
            page: key?,
            when,
            content,
            checks,
        })
    }

    fn check(&mut self, node: &Node, fields: &[FieldDefinition], problems: &mut Problems) -> Option<CheckDefinition> {
        let mut map = node.as_map(problems)?;
        let that = map
            .required("that", problems)
            .and_then(|that| self.expression(&that, self.scope.clone(), problems));
        let code = map.required("code", problems).and_then(|code| {
            let text = code.key(problems)?;
            if !self.checks.insert(text.clone()) {
                problems.at(
                    &code,
                    "forms.duplicate_check",
                    format!("there is a check \"{text}\" already"),
                );
            }
            Some(text)
        });
        let field = match map.optional("field") {
            Some(field) => {
                let key = field.key(problems);
                if let Some(key) = &key
                    && !fields.iter().any(|own| own.field == *key)
                {
                    problems.at(
                        &field,
                        "forms.check_field",
                        format!("\"{key}\" is no field of this page"),
                    );
                }
                key
            }
            None => {
                let named = that.as_ref().map(roots).unwrap_or_default();
                fields
                    .iter()
                    .find(|own| named.contains(&own.field))
                    .or(fields.first())
                    .map(|own| own.field.clone())
            }
        };
        map.finish(problems);
        Some(CheckDefinition {
            that: that?,
            code: code?,
            field: field?,
        })
    }

    fn field(&mut self, node: &Node, problems: &mut Problems) -> Option<FieldDefinition> {
        let mut map = node.as_map(problems)?;
        let key = map
            .required("field", problems)
            .and_then(|key| self.field_key(&key, problems));
        let kind = kind(&mut map, problems);
        let required = match map.optional("required") {
            None => Some(Condition::Never),
            Some(required) if required.is_string() => self
                .expression(&required, TypeScope::new(), problems)
                .map(Condition::When),
            Some(required) => required
                .boolean(problems)
                .map(|yes| if yes { Condition::Always } else { Condition::Never }),
        };
        let classes = [
            ("public", Class::Public),
            ("internal", Class::Internal),
            ("personal", Class::Personal),
            ("sensitive", Class::Sensitive),
        ];
        let class = map
            .required("class", problems)
            .and_then(|class| class.choice(&classes, problems));
        let prefill = map.optional("prefill").and_then(|prefill| {
            let source = prefill.choice(&Prefill::WORDS, problems)?;
            if let Some(kind) = &kind
                && !source.fits(kind)
            {
                problems.at(
                    &prefill,
                    "forms.prefill",
                    format!("a field of type {} cannot hold this", kind.word()),
                );
            }
            Some(source)
        });
        map.finish(problems);
        if let Some(key) = &key {
            self.scope
                .set(key.clone(), kind.as_ref().map_or(Type::Any, FieldKind::feel_type));
        }
        Some(FieldDefinition {
            field: key?,
            kind: kind?,
            required: required?,
            class: class?,
            prefill,
        })
    }

    fn field_key(&mut self, node: &Node, problems: &mut Problems) -> Option<String> {
        let key = node.key(problems)?;
        // A name of FEEL: no hyphen, no word of the language.
        let is_name = Expression::parse(&key).is_ok_and(|parsed| parsed.names().iter().eq([&key]));
        if !is_name {
            problems
                .at(
                    node,
                    "forms.field_key",
                    format!("\"{key}\" cannot be a name in expressions"),
                )
                .hint("small letters, digits and _ only, and no word of FEEL such as \"in\" or \"for\"");
        }
        if RESERVED.contains(&key.as_str()) {
            problems.at(
                node,
                "forms.reserved_key",
                format!("\"{key}\" has another meaning in the texts"),
            );
        }
        if !self.fields.insert(key.clone()) {
            problems.at(
                node,
                "forms.duplicate_field",
                format!("there is a field \"{key}\" already"),
            );
        }
        Some(key)
    }

    fn expression(&mut self, node: &Node, scope: TypeScope, problems: &mut Problems) -> Option<Expression> {
        let source = node.non_empty_string(problems)?;
        match Expression::parse(&source) {
            Ok(expression) => {
                self.pending.push(Pending {
                    node: node.clone(),
                    expression: expression.clone(),
                    scope,
                });
                Some(expression)
            }
            Err(error) => {
                problems.at(node, "forms.expression", error.to_string());
                None
            }
        }
    }

    fn check_expressions(&mut self, problems: &mut Problems) {
        for Pending {
            node,
            expression,
            scope,
        } in &self.pending
        {
            let later: Vec<String> = roots(expression)
                .into_iter()
                .filter(|name| scope.get(name).is_none() && self.fields.contains(name))
                .collect();
            if !later.is_empty() {
                problems
                    .at(
                        node,
                        "forms.asked_later",
                        format!("{} is asked later than this", later.join(", ")),
                    )
                    .hint("an expression reads answers on earlier pages (required and check: also on its own page)");
                continue;
            }
            match infer(expression, scope) {
                Ok(Type::Boolean | Type::Any) => {}
                Ok(other) => {
                    problems.at(node, "forms.expression", format!("this gives {other}, not yes or no"));
                }
                Err(errors) => {
                    for error in errors {
                        problems.at(node, "forms.expression", error.to_string());
                    }
                }
            }
        }
    }
}

/// The first parts of the paths that an expression reads.
fn roots(expression: &Expression) -> BTreeSet<String> {
    expression
        .names()
        .iter()
        .map(|path| path.split('.').next().unwrap_or_default().to_owned())
        .collect()
}

fn kind(map: &mut Map, problems: &mut Problems) -> Option<FieldKind> {
    let node = map.required("type", problems)?;
    let words: Vec<(&str, &str)> = TYPES.iter().map(|word| (*word, *word)).collect();
    let kind = match node.choice(&words, problems)? {
        "text" => FieldKind::Text {
            max_length: length(map, 250, problems),
            pattern: patterns(map, problems),
        },
        "long_text" => FieldKind::LongText {
            max_length: length(map, 5_000, problems),
        },
        "name" => FieldKind::Name {
            max_length: length(map, 100, problems),
        },
        "date" => date(map, problems),
        "number" => number(map, problems),
        "money" => {
            let min = map.optional("min").and_then(|min| min.integer(problems)).unwrap_or(0);
            let max = map.optional("max").map(|max| (max.integer(problems), max));
            if let Some((Some(most), node)) = &max {
                in_order(&min, most, node, problems);
            }
            FieldKind::Money {
                min,
                max: max.and_then(|(max, _)| max),
            }
        }
        "phone" => FieldKind::Phone,
        "email" => FieldKind::Email,
        "personal_number" => FieldKind::PersonalNumber,
        "tax_number" => FieldKind::TaxNumber,
        "choice" => FieldKind::Choice {
            options: options(map, &node, problems)?,
        },
        "choices" => FieldKind::Choices {
            options: options(map, &node, problems)?,
        },
        "catalogue" => {
            let name = map
                .required("catalogue", problems)
                .and_then(|name| name.key(problems))?;
            FieldKind::Choice {
                options: Options::Catalogue(name),
            }
        }
        "yes_no" => FieldKind::YesNo,
        "address" => FieldKind::Address,
        "area" => FieldKind::Area,
        _ => {
            problems
                .at(&node, "forms.page_content", "papers are not a field")
                .hint("give them a page of their own: - page: papers, papers: […]");
            return None;
        }
    };
    Some(kind)
}

fn length(map: &mut Map, usual: u32, problems: &mut Problems) -> u32 {
    let Some(node) = map.optional("max_length") else {
        return usual;
    };
    match node.count(problems) {
        Some(length) if (1..=LONGEST_TEXT).contains(&length) => length,
        Some(length) => {
            problems.at(
                &node,
                "forms.range",
                format!("{length} is not between 1 and {LONGEST_TEXT} characters"),
            );
            usual
        }
        None => usual,
    }
}

fn patterns(map: &mut Map, problems: &mut Problems) -> Vec<Pattern> {
    let Some(node) = map.optional("pattern") else {
        return Vec::new();
    };
    let items = if node.is_list() {
        node.list(problems)
    } else {
        vec![node]
    };
    let mut patterns = Vec::new();
    for item in &items {
        if let Some(text) = item.string(problems) {
            match Pattern::new(&text) {
                Some(pattern) => patterns.push(pattern),
                None => {
                    problems
                        .at(item, "forms.pattern", "this is no pattern")
                        .hint("9 is a digit, A a letter, \\9 and \\A stand for themselves");
                }
            }
        }
    }
    patterns
}

fn date(map: &mut Map, problems: &mut Problems) -> FieldKind {
    let past = map
        .optional("past")
        .and_then(|past| past.boolean(problems))
        .unwrap_or(false);
    let future = map
        .optional("future")
        .map(|future| (future.boolean(problems).unwrap_or(false), future));
    let min: Option<NaiveDate> = map.optional("min").and_then(|min| min.date(problems));
    let max = map.optional("max").map(|max| (max.date(problems), max));
    if let Some((true, node)) = &future
        && past
    {
        problems.at(node, "forms.range", "a day cannot be asked for as past and as future");
    }
    if let (Some(min), Some((Some(max), node))) = (&min, &max) {
        in_order(min, max, node, problems);
    }
    FieldKind::Date {
        min,
        max: max.and_then(|(max, _)| max),
        past,
        future: future.is_some_and(|(future, _)| future),
    }
}

fn number(map: &mut Map, problems: &mut Problems) -> FieldKind {
    let decimals = match map.optional("decimals") {
        None => 0,
        Some(node) => match node.count(problems) {
            Some(places) if places <= MOST_DECIMALS => places,
            Some(places) => {
                problems.at(
                    &node,
                    "forms.range",
                    format!("{places} decimal places; at most {MOST_DECIMALS} are kept exactly"),
                );
                0
            }
            None => 0,
        },
    };
    let min: Option<Decimal> = map.optional("min").and_then(|min| min.decimal(problems));
    let max = map.optional("max").map(|max| (max.decimal(problems), max));
    if let (Some(min), Some((Some(max), node))) = (&min, &max) {
        in_order(min, max, node, problems);
    }
    FieldKind::Number {
        min,
        max: max.and_then(|(max, _)| max),
        decimals,
    }
}

fn in_order<T: PartialOrd>(min: &T, max: &T, node: &Node, problems: &mut Problems) {
    if min > max {
        problems.at(node, "forms.range", "max is less than min");
    }
}

fn options(map: &mut Map, kind: &Node, problems: &mut Problems) -> Option<Options> {
    match (map.optional("options"), map.optional("catalogue")) {
        (Some(list), None) => {
            let options = list.keys(problems);
            if list.is_list() && options.len() < 2 {
                problems.at(&list, "forms.options", "a choice needs at least two options");
            }
            for option in options
                .iter()
                .filter(|own| RESERVED_OPTIONS.contains(&own.as_str()) || own.starts_with("error_"))
            {
                problems.at(
                    &list,
                    "forms.options",
                    format!("\"{option}\" has another meaning in the texts"),
                );
            }
            Some(Options::Own(options))
        }
        (None, Some(name)) => name.key(problems).map(Options::Catalogue),
        _ => {
            problems.at(
                kind,
                "forms.options",
                "a choice needs options: […] or catalogue: <name>, one of them",
            );
            None
        }
    }
}
