//! The interface description (OpenAPI 3.1), made from the registered handlers and the route table. The same bytes each time.

use actix_web::App;
use mainstay_services::Code;
use serde_json::json;
use utoipa::{
    OpenApi, PartialSchema,
    openapi::{
        Content, InfoBuilder, License, Ref, RefOr, ResponseBuilder,
        extensions::Extensions,
        path::Operation,
        schema::Components,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
        server::ServerBuilder,
        tag::TagBuilder,
    },
};
use utoipa_actix_web::AppExt;

use crate::{
    access::{Access, ROUTES, Route},
    problem::{self, FieldProblem, ProblemView},
    routes,
};

const COOKIE: &str = "session_cookie";
const BEARER: &str = "bearer";
const SERVICE_KEY: &str = "service_key";
const METRICS_TOKEN: &str = "metrics_token";
/// What the route table says of an operation.
const EXTENSION: &str = "x-mainstay";
const PROBLEM: &str = "Problem";

const DESCRIPTION: &str = "JSON everywhere; times are RFC 3339 in UTC, ids are UUIDs. Refusals are `application/problem+json` \
    (RFC 9457) with a stable `code`.\n\nBrowsers sign in with cookies and send `x-csrf-token` with whatever changes something; \
    native apps and servers send `mainstay-client: bearer` when they sign in, and get bearer tokens.";

const TAGS: [(&str, &str); 10] = [
    ("sign-in", "Signing in and out"),
    ("me", "What a member has and does for themselves"),
    ("tenants", "Companies and groups, and who belongs to them"),
    ("notes", "A member's notes"),
    ("wallet", "Points: balance, statement, transfers, holds, offers and redemptions"),
    ("purchases", "Events of payment providers"),
    ("operator", "For operators"),
    ("service", "For a team's own back ends"),
    ("configuration", "What a client needs to know"),
    ("probes", "For machines that watch"),
];

#[derive(OpenApi)]
struct Base;

/// The interface description.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let described = App::new().into_utoipa_app().openapi(Base::openapi());
    let (_, mut api) = described.configure(|services| routes::configure(services)).split_for_parts();
    api.info = InfoBuilder::new()
        .title("Mainstay")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(License::new("MIT OR Apache-2.0")))
        .build();
    api.servers = Some(vec![ServerBuilder::new().url("/").build()]);
    api.tags =
        Some(TAGS.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build()).to_vec());
    let components = api.components.get_or_insert_with(Components::new);
    components.schemas.insert(PROBLEM.to_owned(), ProblemView::schema());
    components.schemas.insert("FieldProblem".to_owned(), FieldProblem::schema());
    components.responses.insert(PROBLEM.to_owned(), problem_response());
    add_security_schemes(components);
    for route in ROUTES {
        if let Some(operation) = operation_of(&mut api, route) {
            decorate(operation, route);
        }
    }
    api
}

fn problem_response() -> RefOr<utoipa::openapi::Response> {
    let schema = RefOr::Ref(Ref::from_schema_name(PROBLEM));
    ResponseBuilder::new()
        .description("A refusal or a failure")
        .content(problem::MEDIA_TYPE, Content::new(Some(schema)))
        .build()
        .into()
}

/// The operation that a row of the table is about.
pub(crate) fn operation_of<'a>(
    api: &'a mut utoipa::openapi::OpenApi,
    route: &Route,
) -> Option<&'a mut Operation> {
    let item = api.paths.paths.get_mut(route.path)?;
    match route.method {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        "PUT" => item.put.as_mut(),
        "PATCH" => item.patch.as_mut(),
        "DELETE" => item.delete.as_mut(),
        _ => None,
    }
}

fn decorate(operation: &mut Operation, route: &Route) {
    operation.security = Some(requirements(route.access));
    operation.responses.responses.insert("default".to_owned(), RefOr::Ref(Ref::from_response_name(PROBLEM)));
    // One extension and not several: the library keeps them in no order.
    let ours = json!({
        "access": route.access.describe(),
        "body_bytes_max": route.body_bytes_max,
        "capability": route.capability.map(|capability| capability.as_str()),
        "rate_limit": route.class.as_str(),
    });
    operation.extensions.get_or_insert_default().merge(Extensions::builder().add(EXTENSION, ours).build());
}

fn requirements(access: Access) -> Vec<SecurityRequirement> {
    let need = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
    match access {
        Access::Public | Access::SignIn | Access::FlowBound | Access::Webhook => Vec::new(),
        Access::Anyone => vec![SecurityRequirement::default(), need(COOKIE), need(BEARER)],
        Access::Session => vec![need(COOKIE), need(BEARER), SecurityRequirement::default()],
        Access::Member | Access::RecentMember | Access::TenantRole(_) | Access::Operator => {
            vec![need(COOKIE), need(BEARER)]
        }
        Access::Service(scope) => vec![SecurityRequirement::new(SERVICE_KEY, [scope.as_str()])],
        Access::MetricsToken => vec![need(METRICS_TOKEN)],
    }
}

fn add_security_schemes(components: &mut Components) {
    let cookie = ApiKeyValue::with_description(
        "__Host-mainstay_access",
        "Set by signing in; `mainstay_access` on a developer's machine. Whatever changes something also needs `x-csrf-token`.",
    );
    let http = |format: &str, text: &str| {
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format(format)
                .description(Some(text))
                .build(),
        )
    };
    components.add_security_scheme(COOKIE, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    components.add_security_scheme(BEARER, http("JWT", "The access token of a client that is no browser."));
    components.add_security_scheme(SERVICE_KEY, http("msk", "A service key with the scope that is named."));
    components.add_security_scheme(METRICS_TOKEN, http("opaque", "The configured metrics token."));
}

/// Every code, for documents.
pub(crate) fn codes() -> impl Iterator<Item = (&'static str, u16, &'static str)> {
    Code::ALL.iter().map(|&code| (code.as_str(), problem::status(code).as_u16(), code.title()))
}
