//! The attributes that this server knows, as data. Reading, filtering, changing, showing and describing them all go by these tables,
//! so that what `/Schemas` says is what is done.

use serde_json::{Value, json};

/// What sort of value (RFC 7643, 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Boolean,
    Moment,
    Whole,
    Reference,
    Complex,
}

/// Who may change it (RFC 7643, 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutability {
    ReadWrite,
    ReadOnly,
    Immutable,
}

/// An attribute.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) several: bool,
    pub(crate) required: bool,
    /// Upper and lower case differ.
    pub(crate) exact: bool,
    pub(crate) mutability: Mutability,
    /// Always in an answer, whatever was asked for.
    pub(crate) always: bool,
    /// `none`, `server`, `global`.
    unique: &'static str,
    /// What is often written there; other words are taken too.
    canonical: &'static [&'static str],
    references: &'static [&'static str],
    /// Most characters of a text, most values of a list.
    pub(crate) most: usize,
    pub(crate) parts: &'static [Attribute],
}

impl Attribute {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            several: false,
            required: false,
            exact: false,
            mutability: Mutability::ReadWrite,
            always: false,
            unique: "none",
            canonical: &[],
            references: &[],
            most: 256,
            parts: &[],
        }
    }

    const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text)
    }

    const fn boolean(name: &'static str) -> Self {
        Self::new(name, Kind::Boolean)
    }

    /// A thing of the address space, or one elsewhere (`uri`).
    const fn reference(name: &'static str, references: &'static [&'static str]) -> Self {
        let mut new = Self::new(name, Kind::Reference).exact();
        new.references = references;
        new
    }

    const fn complex(name: &'static str, parts: &'static [Attribute]) -> Self {
        let mut new = Self::new(name, Kind::Complex);
        new.parts = parts;
        new
    }

    /// Many of them, but no more than these.
    const fn list(mut self, most: usize) -> Self {
        self.several = true;
        self.most = most;
        self
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn exact(mut self) -> Self {
        self.exact = true;
        self
    }

    const fn read_only(mut self) -> Self {
        self.mutability = Mutability::ReadOnly;
        self
    }

    const fn immutable(mut self) -> Self {
        self.mutability = Mutability::Immutable;
        self
    }

    const fn always(mut self) -> Self {
        self.always = true;
        self
    }

    const fn unique(mut self, unique: &'static str) -> Self {
        self.unique = unique;
        self
    }

    const fn often(mut self, canonical: &'static [&'static str]) -> Self {
        self.canonical = canonical;
        self
    }

    /// A part of this name, in any case.
    pub(crate) fn part(&self, name: &str) -> Option<&'static Attribute> {
        named(self.parts, name)
    }

    /// As `/Schemas` tells it (RFC 7643, 7).
    fn told(&self) -> Value {
        let kind = match self.kind {
            Kind::Text => "string",
            Kind::Boolean => "boolean",
            Kind::Moment => "dateTime",
            Kind::Whole => "integer",
            Kind::Reference => "reference",
            Kind::Complex => "complex",
        };
        let mutability = match self.mutability {
            Mutability::ReadWrite => "readWrite",
            Mutability::ReadOnly => "readOnly",
            Mutability::Immutable => "immutable",
        };
        let mut told = json!({
            "name": self.name, "type": kind, "multiValued": self.several, "required": self.required,
            "mutability": mutability, "returned": if self.always { "always" } else { "default" }, "uniqueness": self.unique,
        });
        if matches!(self.kind, Kind::Text | Kind::Reference) {
            told["caseExact"] = json!(self.exact);
        }
        if !self.canonical.is_empty() {
            told["canonicalValues"] = json!(self.canonical);
        }
        if !self.references.is_empty() {
            told["referenceTypes"] = json!(self.references);
        }
        if !self.parts.is_empty() {
            told["subAttributes"] = self.parts.iter().map(Attribute::told).collect();
        }
        told
    }
}

/// The attribute of this name, in any case.
pub(crate) fn named(all: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    all.iter().find(|one| one.name.eq_ignore_ascii_case(name))
}

/// A schema.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) urn: &'static str,
    name: &'static str,
    description: &'static str,
    pub(crate) attributes: &'static [Attribute],
}

impl Schema {
    /// As `/Schemas` tells it.
    pub(crate) fn told(&self, base: &str) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": self.urn, "name": self.name, "description": self.description,
            "attributes": self.attributes.iter().map(Attribute::told).collect::<Vec<_>>(),
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{}", self.urn) },
        })
    }
}

/// What there is of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    User,
    Group,
}

impl Resource {
    pub(crate) const ALL: &'static [Resource] = &[Resource::User, Resource::Group];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// Where they are, below the base.
    pub(crate) const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }

    pub(crate) const fn schema(self) -> &'static Schema {
        match self {
            Self::User => &USER,
            Self::Group => &GROUP,
        }
    }

    pub(crate) const fn extensions(self) -> &'static [&'static Schema] {
        match self {
            Self::User => &[&ENTERPRISE],
            Self::Group => &[],
        }
    }

    /// As `/ResourceTypes` tells it (RFC 7643, 6).
    pub(crate) fn told(self, base: &str) -> Value {
        let extensions: Vec<Value> = self
            .extensions()
            .iter()
            .map(|schema| json!({ "schema": schema.urn, "required": false }))
            .collect();
        let mut told = json!({
            "schemas": [RESOURCE_TYPE.urn],
            "id": self.name(), "name": self.name(), "description": self.schema().description, "endpoint": self.endpoint(),
            "schema": self.schema().urn,
            "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", self.name()) },
        });
        if !extensions.is_empty() {
            told["schemaExtensions"] = json!(extensions);
        }
        told
    }
}

/// Attributes of every resource (RFC 7643, 3.1). `/Schemas` does not repeat them.
pub(crate) const COMMON: &[Attribute] = &[
    Attribute::text("id").exact().read_only().always().unique("server"),
    Attribute::text("externalId").exact(),
    Attribute::complex(
        "meta",
        &[
            Attribute::text("resourceType").exact().read_only(),
            Attribute::new("created", Kind::Moment).read_only(),
            Attribute::new("lastModified", Kind::Moment).read_only(),
            Attribute::reference("location", &["uri"]).read_only(),
            Attribute::text("version").exact().read_only(),
        ],
    )
    .read_only(),
];

/// A way of reaching somebody: value, what sort, which one first.
const EMAIL: &[Attribute] = &[
    Attribute::text("value"),
    Attribute::text("type").often(&["work", "home", "other"]),
    Attribute::boolean("primary"),
];

const PHONE: &[Attribute] = &[
    Attribute::text("value"),
    Attribute::text("type").often(&["work", "home", "mobile", "other"]),
    Attribute::boolean("primary"),
];

/// Most addresses and telephones of a person.
const MOST_WAYS: usize = 10;
/// Most members of a group; a body of the size that is read holds fewer.
const MOST_MEMBERS: usize = 5_000;

const USER: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    description: "Account of an official",
    attributes: &[
        Attribute::text("userName").required().unique("server"),
        Attribute::complex(
            "name",
            &[
                Attribute::text("formatted"),
                Attribute::text("familyName"),
                Attribute::text("middleName"),
                Attribute::text("givenName"),
            ],
        ),
        Attribute::text("displayName"),
        Attribute::boolean("active"),
        Attribute::complex("emails", EMAIL).list(MOST_WAYS),
        Attribute::complex("phoneNumbers", PHONE).list(MOST_WAYS),
        Attribute::complex(
            "groups",
            &[
                Attribute::text("value").exact().read_only(),
                Attribute::reference("$ref", &["Group"]).read_only(),
                Attribute::text("display").read_only(),
                Attribute::text("type").read_only().often(&["direct"]),
            ],
        )
        .list(MOST_MEMBERS)
        .read_only(),
    ],
};

const ENTERPRISE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    name: "EnterpriseUser",
    description: "What an employer knows of an official",
    attributes: &[
        Attribute::text("employeeNumber"),
        Attribute::text("costCenter"),
        Attribute::text("organization"),
        Attribute::text("division"),
        Attribute::text("department"),
    ],
};

const GROUP: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    description: "Named set of officials",
    attributes: &[
        Attribute::text("displayName").required(),
        Attribute::complex(
            "members",
            &[
                Attribute::text("value").exact().immutable(),
                Attribute::reference("$ref", &["User"]).immutable(),
                Attribute::text("type").immutable().often(&["User"]),
            ],
        )
        .list(MOST_MEMBERS),
    ],
};

const SUPPORTED: &[Attribute] = &[Attribute::boolean("supported").required().read_only()];

const PROVIDER: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
    name: "ServiceProviderConfig",
    description: "What this server can do",
    attributes: &[
        Attribute::reference("documentationUri", &["external"]).read_only(),
        Attribute::complex("patch", SUPPORTED).required().read_only(),
        Attribute::complex(
            "bulk",
            &[
                Attribute::boolean("supported").required().read_only(),
                Attribute::new("maxOperations", Kind::Whole).required().read_only(),
                Attribute::new("maxPayloadSize", Kind::Whole).required().read_only(),
            ],
        )
        .required()
        .read_only(),
        Attribute::complex(
            "filter",
            &[
                Attribute::boolean("supported").required().read_only(),
                Attribute::new("maxResults", Kind::Whole).required().read_only(),
            ],
        )
        .required()
        .read_only(),
        Attribute::complex("changePassword", SUPPORTED).required().read_only(),
        Attribute::complex("sort", SUPPORTED).required().read_only(),
        Attribute::complex("etag", SUPPORTED).required().read_only(),
        Attribute::complex(
            "authenticationSchemes",
            &[
                Attribute::text("type").required().read_only(),
                Attribute::text("name").required().read_only(),
                Attribute::text("description").required().read_only(),
                Attribute::reference("specUri", &["external"]).read_only(),
                Attribute::reference("documentationUri", &["external"]).read_only(),
            ],
        )
        .list(10)
        .required()
        .read_only(),
    ],
};

const RESOURCE_TYPE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:ResourceType",
    name: "ResourceType",
    description: "What sort of resource there is",
    attributes: &[
        Attribute::text("name").required().read_only(),
        Attribute::text("description").read_only(),
        Attribute::reference("endpoint", &["uri"]).required().read_only(),
        Attribute::reference("schema", &["uri"]).required().read_only(),
        Attribute::complex(
            "schemaExtensions",
            &[
                Attribute::reference("schema", &["uri"]).required().read_only(),
                Attribute::boolean("required").required().read_only(),
            ],
        )
        .list(10)
        .read_only(),
    ],
};

/// What is told of one attribute (RFC 7643, 7).
const TOLD: &[Attribute] = &[
    NAME, TYPE, SEVERAL, REQUIRED, CANONICAL, EXACT, MUTABILITY, RETURNED, UNIQUE, REFERENCES,
];
const NAME: Attribute = Attribute::text("name").exact().required().read_only();
const TYPE: Attribute = Attribute::text("type").required().read_only();
const SEVERAL: Attribute = Attribute::boolean("multiValued").required().read_only();
const REQUIRED: Attribute = Attribute::boolean("required").read_only();
const CANONICAL: Attribute = Attribute::text("canonicalValues").exact().list(20).read_only();
const EXACT: Attribute = Attribute::boolean("caseExact").read_only();
const MUTABILITY: Attribute = Attribute::text("mutability").exact().read_only();
const RETURNED: Attribute = Attribute::text("returned").exact().read_only();
const UNIQUE: Attribute = Attribute::text("uniqueness").exact().read_only();
const REFERENCES: Attribute = Attribute::text("referenceTypes").exact().list(20).read_only();

const SCHEMA: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:Schema",
    name: "Schema",
    description: "What a resource consists of",
    attributes: &[
        Attribute::text("name").required().read_only(),
        Attribute::text("description").read_only(),
        Attribute::complex(
            "attributes",
            &[
                NAME,
                TYPE,
                SEVERAL,
                REQUIRED,
                CANONICAL,
                EXACT,
                MUTABILITY,
                RETURNED,
                UNIQUE,
                REFERENCES,
                Attribute::complex("subAttributes", TOLD).list(50).read_only(),
            ],
        )
        .list(50)
        .required()
        .read_only(),
    ],
};

/// The schemas, as `/Schemas` lists them.
pub(crate) const SCHEMAS: &[&Schema] = &[&USER, &ENTERPRISE, &GROUP, &PROVIDER, &RESOURCE_TYPE, &SCHEMA];

/// Longest list of an answer.
pub(crate) const MOST_RESULTS: i64 = 100;

/// What this server can do (RFC 7643, 5).
pub(crate) fn provider(base: &str) -> Value {
    json!({
        "schemas": [PROVIDER.urn],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": MOST_RESULTS },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken", "name": "OAuth 2.0",
            "description": "Access token of the OpenID provider of the platform with the scope scim (client credentials); DPoP where the application is bound to it",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
    })
}
