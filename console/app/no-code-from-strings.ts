// The page's policy forbids code made of strings. Zod would try once whether it may, and the refusal is reported as an
// attack: so it is told not to, before any schema of the contract is made. Must be imported first.
import { z } from "zod";

z.config({ jitless: true });
