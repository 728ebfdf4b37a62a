use super::*;

const EXTENSION: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn before() -> Document {
    let document = json!({
        "userName": "an", "active": true, "name": { "familyName": "Lê", "givenName": "An" },
        "emails": [
            { "value": "an@xa.example", "type": "work", "primary": true },
            { "value": "an@nha.example", "type": "home" },
        ],
        EXTENSION: { "department": "Tư pháp" },
    });
    document.as_object().unwrap().clone()
}

fn body(operations: Value) -> Value {
    json!({ "schemas": [MESSAGE], "Operations": operations })
}

fn after(operations: Value) -> Result<Value> {
    apply(Resource::User, &before(), &read(&body(operations))?).map(Value::Object)
}

fn one_of(op: &str, path: &str, value: Value) -> Result<Value> {
    after(json!([{ "op": op, "path": path, "value": value }]))
}

#[test]
fn single_values_are_set_merged_and_taken_away() {
    let done = one_of("Add", "NAME.middleName", json!("Thị")).unwrap();
    assert_eq!(
        done["name"],
        json!({ "familyName": "Lê", "givenName": "An", "middleName": "Thị" })
    );
    let done = one_of("replace", "name", json!({ "givenName": "Ân", "x": 1 })).unwrap();
    assert_eq!(done["name"], json!({ "familyName": "Lê", "givenName": "Ân" }));
    let done = one_of("replace", "active", json!("False")).unwrap();
    assert_eq!(done["active"], false);
    for path in ["active", "name", "displayName"] {
        let done = after(json!([{ "op": "remove", "path": path }])).unwrap();
        assert_eq!(done.get(path), None);
    }
    let done = after(json!([{ "op": "remove", "path": "name.givenName" }])).unwrap();
    assert_eq!(done["name"], json!({ "familyName": "Lê" }));
}

#[test]
fn extensions_are_changed_whole_and_in_parts() {
    let done = one_of("add", EXTENSION, json!({ "employeeNumber": "7" })).unwrap();
    assert_eq!(
        done[EXTENSION],
        json!({ "department": "Tư pháp", "employeeNumber": "7" })
    );
    let done = one_of("replace", &format!("{EXTENSION}:department"), json!("Địa chính")).unwrap();
    assert_eq!(done[EXTENSION]["department"], "Địa chính");
    for path in [EXTENSION.to_owned(), format!("{EXTENSION}:department")] {
        let done = after(json!([{ "op": "remove", "path": path }])).unwrap();
        assert_eq!(done.get(EXTENSION), None);
    }
}

#[test]
fn values_of_lists_are_added_once_chosen_and_taken_away() {
    let new = json!([{ "value": "moi@xa.example", "type": "other", "primary": true }]);
    let done = after(
        json!([{ "op": "add", "path": "emails", "value": new }, { "op": "add", "path": "emails", "value": new }]),
    )
    .unwrap();
    assert_eq!(done["emails"].as_array().unwrap().len(), 3);
    assert_eq!(done["emails"][0]["primary"], false);
    let done = one_of("replace", r#"emails[type eq "home"].value"#, json!("x@nha.example")).unwrap();
    assert_eq!(done["emails"][1], json!({ "value": "x@nha.example", "type": "home" }));
    let done = one_of("replace", r#"emails[type eq "home"]"#, json!({ "primary": true })).unwrap();
    assert_eq!(
        (&done["emails"][0]["primary"], &done["emails"][1]["primary"]),
        (&json!(false), &json!(true))
    );
    let done = one_of("add", r#"emails[type eq "other"].value"#, json!("moi@xa.example")).unwrap();
    assert_eq!(done["emails"][2], json!({ "value": "moi@xa.example", "type": "other" }));
    let done = after(json!([{ "op": "remove", "path": r#"emails[value ew "xa.example"]"# }])).unwrap();
    assert_eq!(done["emails"].as_array().unwrap().len(), 1);
    let done = one_of("remove", "emails", json!([{ "value": "an@nha.example" }])).unwrap();
    assert_eq!(done["emails"][0]["value"], "an@xa.example");
    let done = one_of("replace", "emails", json!([])).unwrap();
    assert_eq!(done.get("emails"), None);
}

#[test]
fn a_change_without_a_path_holds_attributes() {
    let done = after(json!([{ "op": "replace", "value": {
        "displayName": "An", "name.givenName": "Ân", "id": "x", "groups": [{ "value": "1" }], "la": 1,
        (format!("{EXTENSION}:costCenter")): "9",
    } }]))
    .unwrap();
    assert_eq!(
        (&done["displayName"], &done["name"]["givenName"]),
        (&json!("An"), &json!("Ân"))
    );
    assert_eq!(done[EXTENSION]["costCenter"], "9");
    assert_eq!((done.get("id"), done.get("groups"), done.get("la")), (None, None, None));
}

#[test]
fn members_are_not_there_twice_and_are_not_changed() {
    let document = json!({ "displayName": "Nhóm", "members": [{ "value": "1", "type": "User" }] });
    let after = |op: &str, path: &str, value: Value| {
        let operations = read(&body(json!([{ "op": op, "path": path, "value": value }])))?;
        apply(Resource::Group, document.as_object().unwrap(), &operations)
    };
    let members = |document: Document| document.get("members").and_then(Value::as_array).map_or(0, Vec::len);
    assert_eq!(
        members(after("add", "members", json!([{ "value": "1" }, { "value": "2" }])).unwrap()),
        2
    );
    assert_eq!(
        members(after("remove", r#"members[value eq "1"]"#, json!(null)).unwrap()),
        0
    );
    assert_eq!(
        members(after("remove", "members", json!([{ "value": "3" }])).unwrap()),
        1
    );
    for path in [r#"members[value eq "1"].value"#, "members.value"] {
        assert_eq!(
            after("replace", path, json!("2")).unwrap_err().code,
            "scim.mutability",
            "{path}"
        );
    }
    let other = after("replace", r#"members[value eq "1"]"#, json!({ "value": "2" }));
    assert_eq!(other.unwrap_err().code, "scim.mutability");
}

#[test]
fn what_leads_nowhere_is_refused_and_nothing_else_is_done() {
    for (op, path, value, code) in [
        ("add", "password", json!("x"), "scim.path"),
        ("replace", "emails[", json!("x"), "scim.filter"),
        ("replace", "userName[value pr]", json!("x"), "scim.path"),
        (
            "replace",
            r#"emails[type eq "fax"].value"#,
            json!("x"),
            "scim.no_target",
        ),
        ("remove", r#"emails[type eq "fax"]"#, json!(null), "scim.no_target"),
        ("replace", "id", json!("x"), "scim.mutability"),
        ("add", "groups", json!([{ "value": "x" }]), "scim.mutability"),
        ("replace", "meta.version", json!("x"), "scim.mutability"),
        ("remove", "userName", json!(null), "scim.value"),
        ("replace", "active", json!("có"), "scim.value"),
        ("add", "emails", json!("x"), "scim.value"),
        ("add", "displayName", json!(null), "scim.value"),
    ] {
        assert_eq!(one_of(op, path, value).unwrap_err().code, code, "{op} {path}");
    }
    let many = Value::Array(vec![json!({ "op": "remove", "path": "active" }); 101]);
    for wrong in [
        json!([]),
        json!({}),
        many,
        json!([{ "op": "move" }]),
        json!([{ "path": "active" }]),
        json!(["remove"]),
    ] {
        assert_eq!(read(&body(wrong.clone())).unwrap_err().code, "scim.syntax", "{wrong}");
    }
    assert_eq!(
        read(&json!({ "Operations": [{ "op": "remove", "path": "active" }] }))
            .unwrap_err()
            .code,
        "scim.syntax"
    );
    assert_eq!(after(json!([{ "op": "remove" }])).unwrap_err().code, "scim.value");
}
