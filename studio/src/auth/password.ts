// Sign-in with a password, for members who came with one; only where the deployment has it switched on.
import { api } from "../api/client.ts";
import { unwrap } from "../api/problem.ts";
import type { SignedIn } from "../api/types.ts";

/** The password goes out as it was typed: a space at its end is a part of it. */
export async function signInWithPassword(email: string, password: string): Promise<SignedIn> {
  return unwrap(api.POST("/v1/auth/login", { body: { email: email.trim(), password } }));
}
