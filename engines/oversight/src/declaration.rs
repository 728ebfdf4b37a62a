//! What a province declares about watching over rights (`oversight.yaml`).

use schema::{Document, Map, Node, Problems, envelope};

/// The newest grammar that is read.
const FORMAT: u32 = 1;
/// More days than anything here takes.
const MOST: u64 = 366;

/// What becomes of rights about which nobody answered, when those above did not answer either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// They stay, and the report says so.
    Keep,
    /// Privileged ones end.
    EndPrivileged,
    /// All of them end.
    End,
}

/// The declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// After how many days without a sign-in an official's account is dormant.
    pub dormant_days: u16,
    /// For how many days whoever has a dormant privileged account is told before it is suspended.
    pub notice_days: u16,
    /// In the first so many days of a quarter its review opens by itself; 0: administrators open it.
    pub opens_within_days: u16,
    /// How many working days heads of agencies have.
    pub review_days: u16,
    /// How many working days those above have afterwards.
    pub escalated_days: u16,
    /// What becomes of the rest.
    pub unanswered: Unanswered,
    /// For how many hours a right for an emergency is taken at the longest.
    pub emergency_hours: u16,
    /// For how many hours in seven days one official has such rights altogether.
    pub emergency_week_hours: u16,
    /// Within how many working days it is reported.
    pub report_days: u16,
}

impl Declaration {
    /// Reads a declaration; `None` if anything is wrong, and every problem is reported.
    pub fn read(label: &str, source: &str, problems: &mut Problems) -> Option<Self> {
        let mut own = Problems::new();
        let read = Document::yaml(label, source, &mut own).and_then(|root| declaration(&root, &mut own));
        let sound = own.is_empty();
        problems.append(own);
        read.filter(|_| sound)
    }
}

fn declaration(root: &Node, problems: &mut Problems) -> Option<Declaration> {
    let mut map = envelope(root, FORMAT, problems)?.map;
    let mut part = |name: &str, problems: &mut Problems| {
        let node = map.required(name, problems)?;
        node.as_map(problems)
    };
    let (dormant, review, emergency) = (
        part("dormant", problems),
        part("review", problems),
        part("emergency", problems),
    );
    map.finish(problems);
    let (mut dormant, mut review, mut emergency) = (dormant?, review?, emergency?);
    let rules = [
        ("keep", Unanswered::Keep),
        ("end_privileged", Unanswered::EndPrivileged),
        ("end", Unanswered::End),
    ];
    let unanswered = review
        .required("unanswered", problems)
        .and_then(|node| node.choice(&rules, problems));
    let read = (
        days(&mut dormant, "days", 1, problems),
        days(&mut dormant, "notice_days", 1, problems),
        days(&mut review, "opens_within_days", 0, problems),
        days(&mut review, "working_days", 1, problems),
        days(&mut review, "escalated_working_days", 1, problems),
        days(&mut emergency, "hours", 1, problems),
        days(&mut emergency, "hours_per_week", 1, problems),
        days(&mut emergency, "report_working_days", 1, problems),
    );
    for part in [dormant, review, emergency] {
        part.finish(problems);
    }
    Some(Declaration {
        dormant_days: read.0?,
        notice_days: read.1?,
        opens_within_days: read.2?,
        review_days: read.3?,
        escalated_days: read.4?,
        unanswered: unanswered?,
        emergency_hours: read.5?,
        emergency_week_hours: read.6?,
        report_days: read.7?,
    })
}

fn days(map: &mut Map, name: &str, least: u64, problems: &mut Problems) -> Option<u16> {
    let node = map.required(name, problems)?;
    let read = node.integer(problems)?;
    let fits = u64::try_from(read).ok().filter(|read| (least..=MOST).contains(read));
    if fits.is_none() {
        problems.at(&node, "oversight.number", format!("{least} to {MOST} are expected"));
    }
    fits.and_then(|read| u16::try_from(read).ok())
}
