//! Finds the row of a request: a tree of path segments, looked up without an allocation.

use actix_web::http::Method;

use crate::access::Route;

/// What the table says about a request.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// There is a row, with its place in the table.
    Route { index: usize, route: &'static Route },
    /// The path exists with other methods; the value of `Allow`.
    OtherMethods(String),
    /// No row.
    Nothing,
}

#[derive(Default)]
struct Node {
    literals: Vec<(&'static str, usize)>,
    parameter: Option<usize>,
    /// Places in the table.
    rows: Vec<usize>,
}

/// The table as a tree.
pub(crate) struct RouteTable {
    routes: &'static [Route],
    nodes: Vec<Node>,
}

impl RouteTable {
    pub(crate) fn new(routes: &'static [Route]) -> Self {
        let mut table = Self { routes, nodes: vec![Node::default()] };
        for (index, route) in routes.iter().enumerate() {
            let mut at = 0;
            for segment in segments(route.path) {
                at = table.child(at, segment);
            }
            table.nodes[at].rows.push(index);
        }
        table
    }

    fn child(&mut self, at: usize, segment: &'static str) -> usize {
        let next = self.nodes.len();
        let found = if segment.starts_with('{') {
            self.nodes[at].parameter
        } else {
            self.nodes[at].literals.iter().find(|(literal, _)| *literal == segment).map(|(_, node)| *node)
        };
        if let Some(node) = found {
            return node;
        }
        self.nodes.push(Node::default());
        if segment.starts_with('{') {
            self.nodes[at].parameter = Some(next);
        } else {
            self.nodes[at].literals.push((segment, next));
        }
        next
    }

    /// Looks a request up. Paths with percent signs are not found: none of ours needs one, and what is not decoded here can't
    /// be decoded to something else later.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found {
        if !path.starts_with('/') || path.contains('%') {
            return Found::Nothing;
        }
        let mut node = &self.nodes[0];
        for segment in segments(path) {
            let literal =
                node.literals.iter().find(|(literal, _)| *literal == segment).map(|(_, next)| *next);
            let next = literal.or(if segment.is_empty() { None } else { node.parameter });
            match next {
                Some(next) => node = &self.nodes[next],
                None => return Found::Nothing,
            }
        }
        for &index in &node.rows {
            if self.routes[index].method == method.as_str() {
                return Found::Route { index, route: &self.routes[index] };
            }
        }
        if node.rows.is_empty() {
            return Found::Nothing;
        }
        let mut allow: Vec<&str> = node.rows.iter().map(|&index| self.routes[index].method).collect();
        if allow.contains(&"GET") {
            allow.push("HEAD");
        }
        Found::OtherMethods(allow.join(", "))
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path[1..].split('/')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::access::ROUTES;

    #[test]
    fn sec_8_every_row_is_found_by_its_own_path_and_no_two_are_equal() {
        let table = RouteTable::new(ROUTES);
        let mut seen = BTreeSet::new();
        for (place, route) in ROUTES.iter().enumerate() {
            let path = route.path.replace(['{', '}'], "");
            let method = Method::from_bytes(route.method.as_bytes()).expect("a method");
            let Found::Route { index, .. } = table.find(&method, &path) else {
                panic!("{path} is not found")
            };
            assert_eq!(index, place, "{path}");
            assert!(seen.insert((route.method, route.path)), "{path} is there twice");
        }
    }

    #[test]
    fn what_is_not_in_the_table_is_not_found() {
        let table = RouteTable::new(ROUTES);
        for path in
            ["/", "", "*", "/v1", "/v1/notes/", "/v1/notes/a/b", "//v1/notes", "/v1/%6eotes", "/V1/notes"]
        {
            assert!(matches!(table.find(&Method::GET, path), Found::Nothing), "{path}");
        }
        let Found::OtherMethods(allow) = table.find(&Method::PUT, "/v1/notes/x") else {
            panic!("another method")
        };
        assert_eq!(allow, "GET, PATCH, DELETE, HEAD");
    }
}
