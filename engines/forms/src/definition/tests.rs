use super::*;
use schema::Problems;

const BASE: &str = "
format: 1
form: apply
pages:
  - page: one
    fields:
      - { field: kind, type: choice, options: [birth, death], required: true, class: personal }
      - { field: full_name, type: name, required: true, class: personal }
      - { field: home, type: address, required: true, class: personal }
      - { field: shop, type: address, within: province, required: true, class: personal }
";

const OVER: &str = "
format: 1
form: register
over: apply
pages:
  - page: entry
    fields:
      - { field: entered_name, type: name, from: full_name, required: true, class: personal }
  - page: death
    when: kind = \"death\"
    fields:
      - { field: died_at, type: date, past: true, required: kind = \"death\", class: sensitive }
";

fn base() -> FormDefinition {
    let mut problems = Problems::new();
    FormDefinition::read("forms/apply.form.yaml", BASE, &mut problems).unwrap_or_else(|| panic!("{problems}"))
}

/// The form of a step with one text changed, and the codes of what is wrong with it.
fn over(from: &str, to: &str) -> (Option<FormDefinition>, Vec<String>) {
    let text = OVER.replace(from, to);
    assert!(from == to || text != OVER, "{from}");
    let mut problems = Problems::new();
    let read = FormDefinition::read_over("forms/register.form.yaml", &text, &base(), &mut problems);
    (read, problems.codes().into_iter().map(str::to_owned).collect())
}

#[test]
fn an_address_says_whether_it_lies_in_the_province() {
    let form = base();
    let takes = |field: &str| form.field(field).unwrap().kind.takes_elsewhere();
    assert!(takes("home") && !takes("shop"));
    let stored = serde_json::to_value(&form).unwrap();
    assert_eq!(serde_json::from_value::<FormDefinition>(stored).unwrap(), form);
    // Forms that were stored before there was a choice are read as before.
    let before = serde_json::json!({ "type": "address" });
    assert!(serde_json::from_value::<FieldKind>(before).unwrap().takes_elsewhere());
    let mut problems = Problems::new();
    let wrong = BASE.replace("within: province", "within: ward");
    assert!(FormDefinition::read("forms/apply.form.yaml", &wrong, &mut problems).is_none());
    assert_eq!(problems.codes(), ["schema.unknown_choice"]);
}

#[test]
fn a_form_of_a_step_reads_the_answers_of_the_case() {
    let (read, codes) = over("", "");
    assert_eq!(codes, Vec::<String>::new());
    let read = read.unwrap();
    assert_eq!(read.given.len(), 4);
    let stored = serde_json::to_value(&read).unwrap();
    assert_eq!(serde_json::from_value::<FormDefinition>(stored).unwrap(), read);
    assert!(read.text_keys().iter().all(|key| key.starts_with("forms.register.")));

    for (from, to, expected) in [
        ("over: apply", "over: other", "forms.over"),
        ("over: apply\n", "", "schema.missing_key"),
        ("from: full_name", "from: nobody", "forms.from"),
        ("from: full_name", "from: kind", "forms.from"),
        ("field: entered_name", "field: full_name", "forms.duplicate_field"),
        // What is entered beside it opens no part of a page that is drawn at once.
        (
            "when: kind = \"death\"",
            "when: entered_name = \"x\"",
            "forms.asked_later",
        ),
        (
            "    fields:\n      - { field: died_at, type: date, past: true, required: kind = \"death\", class: sensitive }\n",
            "    papers: [proof]\n",
            "forms.page_content",
        ),
    ] {
        let (read, codes) = over(from, to);
        assert!(read.is_none(), "{to}");
        assert!(codes.contains(&expected.to_owned()), "{to}: {codes:?}");
    }
    let mut problems = Problems::new();
    assert!(
        FormDefinition::read("forms/register.form.yaml", OVER, &mut problems).is_none(),
        "it stands not alone"
    );
}

#[test]
fn papers_are_no_field() {
    let mut problems = Problems::new();
    let wrong = BASE.replace("type: name,", "type: papers,");
    assert!(FormDefinition::read("forms/apply.form.yaml", &wrong, &mut problems).is_none());
    assert_eq!(problems.codes(), ["forms.page_content"]);
    let hint = problems.iter().find_map(|problem| problem.hint.as_deref());
    assert!(
        hint.is_some_and(|hint| hint.contains("a page of their own")),
        "{hint:?}"
    );
}
