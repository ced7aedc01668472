// How a web page or a Node service of a partner reads Huangge: every path, field and problem is typed.
import createClient from "openapi-fetch";
import type { components, paths } from "./huangge.d.ts";

type Lesson = components["schemas"]["LessonOut"];

export async function lessonsOf(day: string, token: string): Promise<Lesson[]> {
  const huangge = createClient<paths>({
    baseUrl: "https://huangge.example",
    headers: { Authorization: `Bearer ${token}` },
  });
  const found: Lesson[] = [];
  let cursor: string | undefined;
  do {
    const { data, error } = await huangge.GET("/v1/lessons", {
      params: { query: { from: day, limit: 200, cursor } },
    });
    if (error) {
      throw new Error(`${error.code}: ${error.detail}`);
    }
    found.push(...data.items);
    cursor = data.next_cursor ?? undefined;
  } while (cursor);
  return found;
}

// A field that does not exist is found while compiling, not by a school.
export const misspelt = (lesson: Lesson): unknown =>
  // @ts-expect-error there is no such field
  lesson.start_at;
