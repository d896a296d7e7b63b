/**
 * JSON in one line: elements of the array form come indented, and Google's clients read one line per event. A line break can only stand
 * between values. Not by a pattern that begins with white space: a long run of it in a text would be walked through from each of its places.
 */
export const oneLine = (json: string): string =>
  json.includes('\n')
    ? json
        .split('\n')
        .map((line) => line.trim())
        .join('')
    : json;
