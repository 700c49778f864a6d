using System.Text.Json;

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>Writes tokens and merges as a tokenizer.json has them.</summary>
internal static class VocabularyJson
{
    public static void Write(Utf8JsonWriter json, GgufVocabulary vocabulary)
    {
        json.WriteStartObject("vocab");
        foreach (var (id, token) in vocabulary.Tokens.Index())
        {
            json.WriteNumber(token, id);
        }

        json.WriteEndObject();
    }

    public static void WriteMerges(Utf8JsonWriter json, IReadOnlyList<(string Left, string Right)> merges)
    {
        // One text a pair is read in half the time, and cannot have blanks inside.
        var areTexts =
            !merges.Any(merge => merge.Left.Contains(' ', StringComparison.Ordinal) || merge.Right.Contains(' ', StringComparison.Ordinal));
        json.WriteStartArray("merges");
        foreach (var (left, right) in merges)
        {
            if (areTexts)
            {
                json.WriteStringValue($"{left} {right}");
                continue;
            }

            json.WriteStartArray();
            json.WriteStringValue(left);
            json.WriteStringValue(right);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }
}
