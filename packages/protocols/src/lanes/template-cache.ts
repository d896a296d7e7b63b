import type { JsonRecord } from '../json.js';
import { FrameTemplate } from './frame-template.js';

/** A stream has few kinds of frames: reasoning, text, perhaps another timestamp now and then. */
const MAX_TEMPLATES = 4;
/** A stream whose frames never repeat (another id in each) is not worth learning from. */
const MAX_FRUITLESS_LESSONS = 8;

/** The templates of one stream, the latest first. */
export class TemplateCache {
  private templates: FrameTemplate[] = [];
  private fruitless = 0;

  apply(data: string): ReturnType<FrameTemplate['apply']> {
    for (const template of this.templates) {
      const copied = template.apply(data);
      if (!copied) continue;
      this.fruitless = 0;
      return copied;
    }
    return null;
  }

  learn(data: string, chunk: JsonRecord, edit: (chunk: JsonRecord) => JsonRecord): void {
    if (this.fruitless >= MAX_FRUITLESS_LESSONS) return;
    const template = FrameTemplate.learn(data, chunk, edit);
    if (!template) return;
    this.fruitless++;
    this.templates = [template, ...this.templates.slice(0, MAX_TEMPLATES - 1)];
  }
}
