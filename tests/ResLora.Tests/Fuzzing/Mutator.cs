using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ResLora.Tests.Fuzzing;

/// <summary>
/// Damages files: bytes as a bad disk does, and JSON as somebody does who knows the format. The same seed gives the same damage.
/// </summary>
internal sealed class Mutator(int seed)
{
    // What programs stumble over: nothing, the wrong kind, limits of number types, names that count elsewhere.
    private static readonly string[] _values =
    [
        "null", "true", "[]", "{}", "\"\"", "\"a\"", "-1", "0", "1", "1.5", "-0.0", "2147483647", "2147483648", "-2147483649", "9223372036854775807",
        "18446744073709551616", "1e308", "1e-320", "[null]", "[[]]", "[1,2]", "{\"type\":null}", "{\"content\":7}", "\"half a pair\"", "\"\\u0000\"", "\"(\"",
    ];

    private static readonly byte[] _letters = "0123456789-.{}[]\",:eU\\ \n\0\t\u00ff"u8.ToArray();

    private readonly Random _random = new(seed);

    /// <summary>One to three changes of bytes, or of a JSON file's values where it is one.</summary>
    /// <param name="valid">The file's content, undamaged.</param>
    /// <returns>The damaged content.</returns>
    public byte[] Damage(byte[] valid)
    {
        var damaged = _random.Next(3) > 0 && Parse(valid) is { } json ? Encoding.UTF8.GetBytes(Values(json)) : Bytes(valid);
        for (var more = _random.Next(3); more > 0; more--)
        {
            damaged = _random.Next(4) == 0 ? Bytes(damaged) : damaged;
        }

        return damaged;
    }

    private static JsonNode? Parse(byte[] content)
    {
        try
        {
            return JsonNode.Parse(content);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private string Values(JsonNode json)
    {
        for (var changes = 1 + _random.Next(3); changes > 0; changes--)
        {
            var places = Places(json).ToArray();
            if (places.Length == 0)
            {
                break;
            }

            places[_random.Next(places.Length)](_random.Next(6) == 0 ? null : _values[_random.Next(_values.Length)]);
        }

        // Half of a surrogate pair can be written in JSON, but not by a writer.
        return json.ToJsonString().Replace("half a pair", "\\ud800", StringComparison.Ordinal);
    }

    /// <summary>Every value below a node, as what sets it; null takes it away, with its key.</summary>
    private static IEnumerable<Action<string?>> Places(JsonNode? node)
    {
        if (node is JsonObject map)
        {
            foreach (var key in map.Select(pair => pair.Key).ToArray())
            {
                yield return text => _ = text is null ? map.Remove(key) : Set(map, key, text);
                foreach (var place in Places(map[key]))
                {
                    yield return place;
                }
            }
        }
        else if (node is JsonArray list)
        {
            for (var index = 0; index < list.Count; index++)
            {
                var at = index;
                yield return text =>
                {
                    if (text is null)
                    {
                        list.RemoveAt(at);
                    }
                    else
                    {
                        list[at] = JsonNode.Parse(text);
                    }
                };
                foreach (var place in Places(list[index]))
                {
                    yield return place;
                }
            }
        }
    }

    private static bool Set(JsonObject map, string key, string text)
    {
        map[key] = JsonNode.Parse(text);
        return true;
    }

    private byte[] Bytes(byte[] content)
    {
        if (content.Length == 0)
        {
            return [_letters[_random.Next(_letters.Length)]];
        }

        var (at, to) = (_random.Next(content.Length), _random.Next(content.Length));
        var length = Math.Min(1 + _random.Next(40), content.Length - Math.Max(at, to));
        switch (_random.Next(5))
        {
            case 0:
                return content[..at];
            case 1:
                return [.. content[..at], .. content[(at + length)..]];
            case 2:
                return [.. content[..at], .. content[to..(to + length)], .. content[at..]];
            case 3:
                return [.. content[..at], _letters[_random.Next(_letters.Length)], .. content[at..]];
            default:
                var changed = (byte[])content.Clone();
                changed[at] = _random.Next(2) == 0 ? (byte)_random.Next(256) : _letters[_random.Next(_letters.Length)];
                return changed;
        }
    }
}
