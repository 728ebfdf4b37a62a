//! `app.toml`: what a system is, in a few facts (R004).

use schema::{Document, Node, Problems, envelope};

use crate::province::organisation_codes;

/// The newest grammar that is read.
pub const FORMAT: u32 = 1;

/// What a system is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Its version, three numbers.
    pub version: String,
    /// The organisation that answers for it, a code of the province's `organisations.csv`.
    pub owner: String,
    /// Level of information security (cấp độ an toàn hệ thống thông tin, NĐ 85/2016/NĐ-CP), 1 to 5.
    pub security_level: u32,
    /// Numbers of the laws, decrees and circulars that it rests on.
    pub legal_basis: Vec<String>,
    /// The engines whose declarations it has.
    pub engines: Vec<Engine>,
    /// The requirements that it shows, `R` and three figures.
    pub requirements: Vec<String>,
}

/// An engine that reads declarations of systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// `forms/`.
    Forms,
    /// `workflow/`.
    Workflow,
    /// `dossiers/`, with `documents/` and `scenarios/`.
    Dossiers,
    /// `registry/`.
    Registry,
}

const ENGINES: [(&str, Engine); 4] = [
    ("forms", Engine::Forms),
    ("workflow", Engine::Workflow),
    ("dossiers", Engine::Dossiers),
    ("registry", Engine::Registry),
];

impl Engine {
    /// Its name in `app.toml`.
    pub fn word(self) -> &'static str {
        ENGINES
            .iter()
            .find(|(_, engine)| *engine == self)
            .map_or("", |(word, _)| word)
    }
}

impl Manifest {
    /// Reads an `app.toml`; `None` if anything is wrong, and every problem is reported.
    pub(crate) fn read(app: &str, label: &str, text: &str, problems: &mut Problems) -> Option<Self> {
        let mut own = Problems::new();
        let read = read(app, label, text, &mut own);
        let sound = own.is_empty();
        problems.append(own);
        read.filter(|_| sound)
    }
}

fn read(app: &str, label: &str, text: &str, problems: &mut Problems) -> Option<Manifest> {
    let root = Document::toml(label, text, problems)?;
    let mut map = envelope(&root, FORMAT, problems)?.map;
    if let Some(node) = map.required("key", problems)
        && node.non_empty_string(problems).is_some_and(|key| key != app)
    {
        problems.at(
            &node,
            "compose.app_key",
            format!("the key must be the name of the folder, \"{app}\""),
        );
    }
    let version = map.required("version", problems).and_then(|node| {
        let version = node.non_empty_string(problems)?;
        let parts: Vec<&str> = version.split('.').collect();
        let numbers = parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok());
        checked(
            &node,
            version,
            numbers,
            "compose.app_version",
            "a version is three numbers, such as 1.0.0",
            problems,
        )
    });
    let owner = map.required("owner", problems).and_then(|node| {
        let owner = node.non_empty_string(problems)?;
        let known = organisation_codes().is_ok_and(|codes| codes.contains(&owner));
        let message = format!("\"{owner}\" is not a code of the province's organisations.csv");
        checked(&node, owner, known, "compose.app_owner", &message, problems)
    });
    let security_level = map.required("security_level", problems).and_then(|node| {
        let level = node.count(problems)?;
        let known = (1..=5).contains(&level);
        checked(
            &node,
            level,
            known,
            "compose.app_security_level",
            "the level is 1 to 5",
            problems,
        )
    });
    let legal_basis = map
        .required("legal_basis", problems)
        .map(|node| node.each(problems, Node::non_empty_string));
    let engines = map.required("engines", problems).map(|node| {
        let engines = node.each(problems, |item, problems| item.choice(&ENGINES, problems));
        if node.is_list() && node.list(&mut Problems::new()).is_empty() {
            problems.at(
                &node,
                "compose.no_engine",
                "a system has declarations for at least one engine",
            );
        }
        engines
    });
    let requirements = map.required("requirements", problems).map(|node| {
        node.each(problems, |item, problems| {
            let id = item.non_empty_string(problems)?;
            let sound = is_requirement(&id);
            let message = format!("\"{id}\" is not the id of a requirement, such as R078");
            checked(item, id, sound, "compose.requirement_id", &message, problems)
        })
    });
    map.finish(problems);
    Some(Manifest {
        version: version?,
        owner: owner?,
        security_level: security_level?,
        legal_basis: legal_basis?,
        engines: engines?,
        requirements: requirements?,
    })
}

/// Whether the text has the form of a requirement's id.
pub(crate) fn is_requirement(id: &str) -> bool {
    id.strip_prefix('R')
        .is_some_and(|rest| rest.len() == 3 && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

fn checked<T>(node: &Node, value: T, sound: bool, code: &str, message: &str, problems: &mut Problems) -> Option<T> {
    if !sound {
        problems.at(node, code, message);
    }
    sound.then_some(value)
}
