//! Names of attributes as requests write them (RFC 7644, 3.10): `userName`, `name.familyName`, with or without the schema before them.

use crate::schema::{Attribute, COMMON, Resource, Schema, named};

/// What a name means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The extension that the attribute stands in.
    pub(crate) extension: Option<&'static Schema>,
    /// The attribute; none where the whole extension is meant.
    pub(crate) attribute: Option<&'static Attribute>,
    /// The part of a complex attribute.
    pub(crate) part: Option<&'static Attribute>,
}

impl Place {
    /// Reads a name; `None` where the resource has nothing of this name.
    pub(crate) fn find(resource: Resource, text: &str) -> Option<Self> {
        for schema in resource.extensions() {
            if let Some(rest) = after(text, schema.urn) {
                if rest.is_empty() {
                    return Some(Self {
                        extension: Some(schema),
                        attribute: None,
                        part: None,
                    });
                }
                return Self::within(schema.attributes, Some(schema), rest.strip_prefix(':')?);
            }
        }
        let core = resource.schema();
        let rest = match after(text, core.urn) {
            Some(rest) => rest.strip_prefix(':')?,
            None => text,
        };
        Self::within(core.attributes, None, rest).or_else(|| Self::within(COMMON, None, rest))
    }

    fn within(all: &'static [Attribute], extension: Option<&'static Schema>, text: &str) -> Option<Self> {
        let (name, part) = match text.split_once('.') {
            Some((name, part)) => (name, Some(part)),
            None => (text, None),
        };
        let attribute = named(all, name)?;
        let part = match part {
            Some(part) => Some(attribute.part(part)?),
            None => None,
        };
        Some(Self {
            extension,
            attribute: Some(attribute),
            part,
        })
    }
}

/// What follows the beginning, in any case.
fn after<'a>(text: &'a str, beginning: &str) -> Option<&'a str> {
    let head = text.get(..beginning.len())?;
    let rest = &text[beginning.len()..];
    (head.eq_ignore_ascii_case(beginning) && (rest.is_empty() || rest.starts_with(':'))).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_case_with_and_without_their_schema() {
        let found = |text: &str| {
            Place::find(Resource::User, text).map(|place| {
                (
                    place.extension.is_some(),
                    place.attribute.map(|one| one.name),
                    place.part.map(|one| one.name),
                )
            })
        };
        assert_eq!(found("USERNAME"), Some((false, Some("userName"), None)));
        assert_eq!(
            found("name.familyname"),
            Some((false, Some("name"), Some("familyName")))
        );
        assert_eq!(found("meta.created"), Some((false, Some("meta"), Some("created"))));
        let core = "urn:ietf:params:scim:schemas:core:2.0:user";
        let extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        assert_eq!(
            found(&format!("{core}:emails.value")),
            Some((false, Some("emails"), Some("value")))
        );
        assert_eq!(found(extension), Some((true, None, None)));
        assert_eq!(
            found(&format!("{extension}:department")),
            Some((true, Some("department"), None))
        );
        for nothing in [
            "",
            "password",
            "name.",
            "name.x",
            ".value",
            core,
            "urn:x:department",
            "department",
            "tên",
        ] {
            assert_eq!(found(nothing), None, "{nothing}");
        }
    }
}
