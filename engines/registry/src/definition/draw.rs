//! Drawing a register: the tree of a declaration, be it sound or not, and everything that is wrong with it, each with the part that it is about.

use schema::Problems;
use serde::Serialize;
use serde_json::{Value, json};

use super::{LONGEST_KEY, RESERVED, RecordDefinition, Written};

/// Something that is wrong with what is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct DrawnProblem {
    /// The part, by keys and places: `fields.2.options`; empty: the whole.
    pub path: String,
    /// Line of the file.
    pub line: usize,
    /// For its words.
    pub code: String,
    /// In English, for whoever writes declarations by hand.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

/// What is drawn, as a file, and what is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// The file, `registry/<name>.record.yaml`.
    pub yaml: String,
    /// The declaration; none while something is wrong.
    pub definition: Option<RecordDefinition>,
    /// Every problem, in the order of the file.
    pub problems: Vec<DrawnProblem>,
}

impl Drawn {
    /// Reads a tree as its file would be read.
    pub fn of(tree: &Value) -> Self {
        let written = Written::new(tree);
        let mut problems = Problems::new();
        let name = tree["record"].as_str().unwrap_or("register");
        let label = format!("registry/{name}.record.yaml");
        let definition = RecordDefinition::read(&label, &written.text, &mut problems);
        let told = problems.sorted().into_iter().map(|problem| DrawnProblem {
            path: written.path(problem.line).to_owned(),
            line: problem.line,
            code: problem.code.clone(),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
        });
        let problems: Vec<DrawnProblem> = told.collect();
        Self {
            definition: definition.filter(|_| problems.is_empty()),
            yaml: written.text,
            problems,
        }
    }

    /// Says that something is wrong which only a program that knows other registers can tell.
    pub fn add(&mut self, path: impl Into<String>, code: &str, message: impl Into<String>) {
        self.definition = None;
        self.problems.push(DrawnProblem {
            path: path.into(),
            line: 0,
            code: code.to_owned(),
            message: message.into(),
            hint: None,
        });
    }
}

/// What a new drawing begins with: what most registers of an agency are.
pub fn blank(owner: &str) -> Value {
    json!({
        "format": super::FORMAT,
        "owner": owner,
        "sharing": ["default"],
        "update": "entry",
        "readers": "officials",
        "retention": { "forever": true },
        "fields": [],
    })
}

/// A key for what people call something: small letters without tones, digits and `_`; one that is not taken, and no word of the language.
pub fn suggested_key(label: &str, taken: &[String]) -> String {
    let folded = kernel::text::fold(label);
    let mut key = String::new();
    for letter in folded.chars() {
        match letter {
            'a'..='z' | '0'..='9' => key.push(letter),
            _ if !key.is_empty() && !key.ends_with('_') => key.push('_'),
            _ => {}
        }
        if key.len() >= LONGEST_KEY - 4 {
            break;
        }
    }
    let key = key.trim_matches('_');
    let begun = match key.chars().next() {
        Some(first) if first.is_ascii_lowercase() => key.to_owned(),
        Some(_) => format!("m_{key}"),
        None => "muc".to_owned(),
    };
    let free = |key: &str| !taken.iter().any(|other| other == key) && is_name(key);
    if free(&begun) {
        return begun;
    }
    (2..=999)
        .map(|number| format!("{begun}_{number}"))
        .find(|key| free(key))
        .unwrap_or(begun)
}

/// Whether a key can name a field.
fn is_name(key: &str) -> bool {
    let parsed = schema::feel::Expression::parse(key);
    parsed.is_ok_and(|parsed| parsed.names().iter().eq([key])) && !RESERVED.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::tests::shop;

    #[test]
    fn keys_come_from_what_people_call_things() {
        let none: [String; 0] = [];
        assert_eq!(suggested_key("Mã số hộ", &none), "ma_so_ho");
        assert_eq!(suggested_key("  Ngày cấp (lần đầu) ", &none), "ngay_cap_lan_dau");
        assert_eq!(suggested_key("Đường", &none), "duong");
        assert_eq!(suggested_key("2026", &none), "m_2026");
        assert_eq!(suggested_key("???", &none), "muc");
        assert_eq!(suggested_key("Mã", &["ma".into(), "ma_2".into()]), "ma_3");
        assert_eq!(suggested_key("Version", &none), "version_2", "every register has one");
        assert_eq!(suggested_key("For", &none), "for_2", "a word of expressions");
        let long = suggested_key(&"rất dài ".repeat(20), &none);
        assert!(long.len() <= LONGEST_KEY && !long.contains("__") && !long.ends_with('_'));
    }

    #[test]
    fn what_is_drawn_is_read_as_its_file() {
        let drawn = Drawn::of(&shop().to_tree());
        assert_eq!(drawn.problems, []);
        assert_eq!(drawn.definition.unwrap(), shop());
    }

    #[test]
    fn every_problem_names_its_part() {
        let mut tree = shop().to_tree();
        tree["owner"] = "".into();
        tree["fields"][1]["vi"] = "".into();
        tree["fields"][3]["options"] = json!([{ "code": "Mở", "vi": "Mở", "en": "Open" }]);
        tree["fields"][7]["type"] = "gold".into();
        let drawn = Drawn::of(&tree);
        assert!(drawn.definition.is_none());
        let paths: Vec<&str> = drawn.problems.iter().map(|problem| problem.path.as_str()).collect();
        for path in ["owner", "fields.1.vi", "fields.7.type"] {
            assert!(paths.contains(&path), "{path}: {paths:?}");
        }
        assert!(
            paths.iter().any(|path| path.starts_with("fields.3.options")),
            "{paths:?}"
        );
    }

    #[test]
    fn a_blank_one_lacks_only_what_nobody_can_guess() {
        let mut tree = blank("SCT");
        tree["record"] = "so".into();
        tree["vi"] = "Sổ".into();
        tree["en"] = "Book".into();
        tree["about"] = json!({ "vi": "Sổ.", "en": "Book." });
        tree["title"] = "ma".into();
        tree["key"] = json!(["ma"]);
        tree["list"] = json!(["ma"]);
        tree["fields"] =
            json!([{ "field": "ma", "vi": "Mã", "en": "Code", "type": "text", "required": true, "class": "internal" }]);
        assert_eq!(Drawn::of(&tree).problems, []);
    }
}
