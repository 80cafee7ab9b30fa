//! The interface description for machines, and as a page that needs nothing from elsewhere: no script, no other site.

use std::fmt::Write;

use actix_web::{HttpRequest, HttpResponse, get};
use serde_json::Value;
use utoipa::openapi::OpenApi;

use crate::{
    document::Document,
    routes::{Registry, Server},
};

const CACHE: &str = "public, max-age=60";
const STYLE: &str = include_str!("docs.css");
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

pub(crate) fn configure(services: &mut impl Registry) {
    services.service(get_openapi).service(get_docs).service(get_docs_style);
}

/// This description, for machines
#[utoipa::path(tag = "configuration", responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
#[get("/v1/openapi.json")]
pub(crate) async fn get_openapi(server: Server, request: HttpRequest) -> HttpResponse {
    server.openapi.answer(&request)
}

/// This description, for people
#[utoipa::path(tag = "configuration", responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
#[get("/docs")]
pub(crate) async fn get_docs(server: Server, request: HttpRequest) -> HttpResponse {
    server.docs_page.answer(&request)
}

/// The style of that page
#[utoipa::path(tag = "configuration", responses((status = 200, description = "A style sheet", body = String, content_type = "text/css")))]
#[get("/docs/docs.css")]
pub(crate) async fn get_docs_style(server: Server, request: HttpRequest) -> HttpResponse {
    server.docs_style.answer(&request)
}

pub(crate) fn openapi_document(api: &OpenApi) -> Document {
    Document::new("application/json", CACHE, api.to_json().unwrap_or_default())
}

pub(crate) fn style_document() -> Document {
    Document::new("text/css; charset=utf-8", CACHE, STYLE)
}

pub(crate) fn page_document(api: &OpenApi) -> Document {
    let api = serde_json::to_value(api).unwrap_or_default();
    Document::new("text/html; charset=utf-8", CACHE, page(&api))
}

fn page(api: &Value) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title} {version}</title>\n\
         <link rel=\"stylesheet\" href=\"/docs/docs.css\">\n<main>\n<h1>{title} <small>{version}</small></h1>\n\
         {description}<p><a href=\"/v1/openapi.json\">OpenAPI document</a>\n",
        title = text(&api["info"]["title"]),
        version = text(&api["info"]["version"]),
        description = paragraphs(&api["info"]["description"]),
    );
    let tags = api["tags"].as_array().cloned().unwrap_or_default();
    html.push_str("<nav><ul>");
    for tag in &tags {
        let _ = write!(html, "<li><a href=\"#{0}\">{1}</a>", text(&tag["name"]), text(&tag["description"]));
    }
    html.push_str("<li><a href=\"#schemas\">Schemas</a></ul></nav>\n");
    for tag in &tags {
        let _ = writeln!(html, "<h2 id=\"{0}\">{1}</h2>", text(&tag["name"]), text(&tag["description"]));
        for (path, item) in api["paths"].as_object().into_iter().flatten() {
            for method in METHODS {
                let operation = &item[method];
                if operation["tags"].as_array().is_some_and(|tags| tags.contains(&tag["name"])) {
                    operation_section(&mut html, method, path, operation);
                }
            }
        }
    }
    html.push_str("<h2 id=\"schemas\">Schemas</h2>\n");
    for (name, schema) in api["components"]["schemas"].as_object().into_iter().flatten() {
        schema_section(&mut html, name, schema);
    }
    html.push_str("</main>\n");
    html
}

fn operation_section(html: &mut String, method: &str, path: &str, operation: &Value) {
    let _ = writeln!(
        html,
        "<section id=\"{id}\">\n<h3><code class=\"{method}\">{upper}</code> <code>{path}</code></h3>\n<p>{summary}\n\
         {description}<dl>\n<dt>Who<dd>{access}",
        id = text(&operation["operationId"]),
        upper = method.to_uppercase(),
        path = escape(path),
        summary = text(&operation["summary"]),
        description = paragraphs(&operation["description"]),
        access = text(&operation["x-mainstay"]["access"]),
    );
    if operation["x-mainstay"]["capability"].is_string() {
        let _ = writeln!(html, "<dt>Capability<dd>{}", text(&operation["x-mainstay"]["capability"]));
    }
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let _ = writeln!(
            html,
            "<dt>{place}<dd><code>{name}</code> {kind} {description}",
            place = text(&parameter["in"]),
            name = text(&parameter["name"]),
            kind = kind(&parameter["schema"]),
            description = text(&parameter["description"]),
        );
    }
    for (media, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
        let _ = writeln!(html, "<dt>Body<dd>{} <small>{}</small>", kind(&content["schema"]), escape(media));
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let schema = response["content"].as_object().and_then(|content| content.values().next());
        let _ = writeln!(
            html,
            "<dt>{}<dd>{} {}",
            escape(status),
            text(&response["description"]),
            schema.map(|content| kind(&content["schema"])).unwrap_or_default(),
        );
    }
    html.push_str("</dl>\n</section>\n");
}

fn schema_section(html: &mut String, name: &str, schema: &Value) {
    let _ = writeln!(
        html,
        "<section id=\"schema-{0}\">\n<h3><code>{0}</code></h3>\n{1}<dl>",
        escape(name),
        paragraphs(&schema["description"])
    );
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (field, value) in schema["properties"].as_object().into_iter().flatten() {
        let optional =
            if required.iter().any(|name| name == field) { "" } else { " <small>optional</small>" };
        let _ = writeln!(
            html,
            "<dt><code>{}</code><dd>{}{optional} {}",
            escape(field),
            kind(value),
            text(&value["description"])
        );
    }
    html.push_str("</dl>\n</section>\n");
}

/// A schema's type in words, with a link where it has a name.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#schema-{0}\">{0}</a>", escape(name));
    }
    for several in ["oneOf", "allOf", "anyOf"] {
        if let Some(parts) = schema[several].as_array() {
            return parts.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    let word = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        Value::String(kind) => kind.clone(),
        _ => String::new(),
    };
    match word.as_str() {
        "array" => format!("list of {}", kind(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!("map of {}", kind(&schema["additionalProperties"]))
        }
        _ => match schema["format"].as_str() {
            Some(format) => format!("{} ({})", escape(&word), escape(format)),
            None => escape(&word),
        },
    }
}

fn text(value: &Value) -> String {
    prose(value.as_str().unwrap_or_default())
}

/// Text with `code` in it; of Markdown the descriptions use nothing else.
fn prose(text: &str) -> String {
    let pieces = escape(text);
    let mut html = String::with_capacity(pieces.len() + 32);
    for (index, piece) in pieces.split('`').enumerate() {
        html.push_str(match index {
            0 => "",
            odd if odd % 2 == 1 => "<code>",
            _ => "</code>",
        });
        html.push_str(piece);
    }
    if pieces.matches('`').count() % 2 == 1 {
        html.push_str("</code>");
    }
    html
}

fn paragraphs(value: &Value) -> String {
    let paragraphs = value.as_str().unwrap_or_default().split("\n\n").filter(|text| !text.trim().is_empty());
    paragraphs.map(|paragraph| format!("<p>{}\n", prose(paragraph))).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_operation_and_nothing_from_elsewhere() {
        let api = serde_json::to_value(crate::openapi()).expect("JSON");
        let html = page(&api);
        for (path, item) in api["paths"].as_object().expect("paths") {
            for method in METHODS.iter().filter(|method| item[**method].is_object()) {
                let id = item[*method]["operationId"].as_str().expect("an id");
                assert!(html.contains(&format!("id=\"{id}\"")), "{method} {path} is missing");
            }
        }
        for foreign in ["http://", "https://", "<script", "style="] {
            assert!(!html.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn code_in_a_text_is_shown_as_code_and_nothing_else_is_markup() {
        assert_eq!(prose("send `a<b>` or `c`"), "send <code>a&lt;b&gt;</code> or <code>c</code>");
        assert_eq!(prose("`open"), "<code>open</code>");
        assert_eq!(prose("none & <b>"), "none &amp; &lt;b&gt;");
    }
}
