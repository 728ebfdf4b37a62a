//! The reader of `forms/<name>.form.yaml`: reports everything that is wrong at once.

use std::collections::BTreeSet;

use schema::feel::{Expression, Type, TypeScope, infer};
use schema::field::{Class, Condition, FieldKind, read_kind};
use schema::{Document, FileName, Map, Node, Problems, envelope};

use super::{CheckDefinition, FORMAT, FieldDefinition, FormDefinition, PageContent, PageDefinition, Prefill};

/// Keys that would collide in the texts: `forms.<form>.check.<code>`, `<field>.label`.
const RESERVED: [&str; 1] = ["check"];

/// An expression to be checked when all fields are known.
struct Pending {
    node: Node,
    expression: Expression,
    scope: TypeScope,
}

#[derive(Default)]
struct Reader<'a> {
    /// The form over whose answers this one is filled in.
    base: Option<&'a FormDefinition>,
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
        Self::read_file(label, yaml, None, problems)
    }

    /// The same for a form that an official fills in over the answers of another (`over: <form>`): its expressions read those
    /// answers, its fields may begin with them (`from: <field>`), and it asks for no papers.
    pub fn read_over(label: &str, yaml: &str, base: &Self, problems: &mut Problems) -> Option<Self> {
        Self::read_file(label, yaml, Some(base), problems)
    }

    fn read_file(label: &str, yaml: &str, base: Option<&Self>, problems: &mut Problems) -> Option<Self> {
        let before = problems.len();
        let node = Document::yaml(label, yaml, problems)?;
        let definition = Self::from_node(&node, base, problems)?;
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

    fn from_node(node: &Node, base: Option<&Self>, problems: &mut Problems) -> Option<Self> {
        let before = problems.len();
        let mut top = envelope(node, FORMAT, problems)?;
        let form = top.map.required("form", problems).and_then(|form| form.key(problems));
        let mut reader = Reader::default();
        if let Some(base) = base {
            reader.over(base, &mut top.map, problems);
        }
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
            given: base.map_or_else(Vec::new, |base| base.fields().cloned().collect()),
            pages,
        })
    }
}

impl<'a> Reader<'a> {
    /// What is known before this form begins.
    fn over(&mut self, base: &'a FormDefinition, map: &mut Map, problems: &mut Problems) {
        let named = map.required("over", problems);
        if let Some(over) = named
            && over.key(problems).is_some_and(|name| name != base.form)
        {
            problems.at(
                &over,
                "forms.over",
                format!("this is filled in over the form \"{}\"", base.form),
            );
        }
        for field in base.fields() {
            self.scope.set(field.field.clone(), field.kind.feel_type());
            // One name, one meaning: a text or an expression never has to ask which of both forms is meant.
            self.fields.insert(field.field.clone());
        }
        self.base = Some(base);
    }

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
        let when = map.optional("when").and_then(|when| {
            // What an official enters stands on one page of the desk: only what is known before can open a part of it.
            let known = self.base.map_or_else(|| self.scope.clone(), given_scope);
            self.expression(&when, known, problems)
        });
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
                if self.base.is_some() {
                    problems.at(&papers, "forms.page_content", "an official hands in no papers");
                }
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
        let from = map.optional("from").map_or_else(Vec::new, |from| {
            let items = if from.is_list() {
                from.list(problems)
            } else {
                vec![from]
            };
            let named = items.iter().filter_map(|item| self.from(item, kind.as_ref(), problems));
            named.collect()
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
            from,
        })
    }

    /// The given field with whose answer a field begins.
    fn from(&self, node: &Node, kind: Option<&FieldKind>, problems: &mut Problems) -> Option<String> {
        let name = node.key(problems)?;
        let Some(given) = self.base.and_then(|base| base.field(&name)) else {
            problems.at(node, "forms.from", format!("there is no given field \"{name}\""));
            return None;
        };
        if kind.is_some_and(|kind| !kind.takes(&given.kind)) {
            let message = format!("an answer of the field \"{name}\" does not fit here");
            problems.at(node, "forms.from", message);
        }
        Some(name)
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

/// What sort of answer a field takes. Papers are asked for too, but on a page of their own.
fn kind(map: &mut Map, problems: &mut Problems) -> Option<FieldKind> {
    if let Some(node) = map.optional("type").filter(|node| node.text() == Some("papers")) {
        problems
            .at(&node, "forms.page_content", "papers are not a field")
            .hint("give them a page of their own: - page: papers, papers: […]");
        return None;
    }
    read_kind(map, problems)
}

fn given_scope(base: &FormDefinition) -> TypeScope {
    let mut scope = TypeScope::new();
    for field in base.fields() {
        scope.set(field.field.clone(), field.kind.feel_type());
    }
    scope
}

/// The first parts of the paths that an expression reads.
fn roots(expression: &Expression) -> BTreeSet<String> {
    expression
        .names()
        .iter()
        .map(|path| path.split('.').next().unwrap_or_default().to_owned())
        .collect()
}
