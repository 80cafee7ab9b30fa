//! The id of the request that a call to the world outside is made for, so that the other side's log leads to ours (OBS-1). It is
//! carried beside the arguments: no use case decides anything by it.

use std::future::Future;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// Does work of a request.
pub async fn in_request<T>(request_id: String, work: impl Future<Output = T>) -> T {
    REQUEST_ID.scope(request_id, work).await
}

/// The request that is being worked on; none in the background.
#[must_use]
pub fn current_request_id() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok()
}
