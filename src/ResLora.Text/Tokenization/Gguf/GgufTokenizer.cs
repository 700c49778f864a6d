using System.Text;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>
/// Encodes texts from a GGUF file's keys alone, as llama.cpp does, and shares nothing with <see cref="Tokenizer"/>: equal ids are
/// evidence that the keys say what the training tokenizer does. Made for checks, not for speed.
/// </summary>
public sealed class GgufTokenizer
{
    private const int Unknown = 2;
    private const int Control = 3;
    private const int UserDefined = 4;

    private readonly List<(string Text, int Id)> _special;
    private readonly Action<string, bool, List<int>> _encode;
    private readonly int? _begin;
    private readonly int? _end;

    private GgufTokenizer(GgufFile file)
    {
        var tokens = file.Require<string[]>("tokenizer.ggml.tokens");
        var kinds = file.Require<int[]>("tokenizer.ggml.token_type");
        if (kinds.Length != tokens.Length)
        {
            throw new FileFormatException(
                $"'{file.Path}' has {tokens.Length} tokens and {kinds.Length} token types ('tokenizer.ggml.token_type').");
        }

        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (id, token) in tokens.Index())
        {
            if (!ids.TryAdd(token, id))
            {
                throw new FileFormatException($"'{file.Path}': the token '{token}' stands twice ('tokenizer.ggml.tokens').");
            }
        }

        // The longest first, so that none is found inside another.
        _special = [.. tokens.Index()
            .Where(token => kinds[token.Index] is Unknown or Control or UserDefined && token.Item.Length > 0)
            .Select(token => (token.Item, token.Index))
            .OrderByDescending(token => Encoding.UTF8.GetByteCount(token.Item))];
        var model = file.Require<string>("tokenizer.ggml.model");
        _encode = model switch
        {
            "llama" => new GgufScoredPieces(file, ids).Encode,
            "gpt2" => new GgufByteWords(file, ids).Encode,
            _ => throw new ConfigException($"'{file.Path}' has a tokenizer '{model}'; llama and gpt2 are supported."),
        };
        _begin = Around(file, "bos", tokens.Length);
        _end = Around(file, "eos", tokens.Length);
    }

    /// <summary>Makes the encoder of a file.</summary>
    /// <param name="file">The open file; may be closed afterwards.</param>
    /// <returns>The encoder.</returns>
    /// <exception cref="FileFormatException">Keys are missing or do not fit each other.</exception>
    /// <exception cref="ConfigException">The kind of tokenizer is not supported.</exception>
    public static GgufTokenizer From(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new GgufTokenizer(file);
    }

    /// <summary>Encodes a text; special tokens that stand in it are found.</summary>
    /// <param name="text">The text.</param>
    /// <param name="addSpecialTokens">Whether the begin and end tokens are added as the file says.</param>
    /// <returns>The ids.</returns>
    public IReadOnlyList<int> Encode(string text, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>();
        if (addSpecialTokens && _begin is { } begin)
        {
            ids.Add(begin);
        }

        var behindSpecial = true;
        foreach (var (part, id) in Parts(text))
        {
            if (id is { } special)
            {
                ids.Add(special);
            }
            else
            {
                _encode(part, behindSpecial, ids);
            }

            behindSpecial = id is not null;
        }

        if (addSpecialTokens && _end is { } end)
        {
            ids.Add(end);
        }

        return ids;
    }

    private static int? Around(GgufFile file, string name, int count)
    {
        if (!file.TryGet<bool>($"tokenizer.ggml.add_{name}_token", out var added) || !added)
        {
            return null;
        }

        var id = file.Require<uint>($"tokenizer.ggml.{name}_token_id");
        return id < count ? (int)id : throw new FileFormatException(
            $"'{file.Path}': tokenizer.ggml.{name}_token_id is {id}, and there are {count} tokens.");
    }

    private List<(string Text, int? Id)> Parts(string text)
    {
        var parts = new List<(string Text, int? Id)> { (text, null) };
        foreach (var (special, id) in _special)
        {
            parts = [.. parts.SelectMany(part => part.Id is null ? Cut(part.Text, special, id) : [part])];
        }

        return parts;
    }

    private static IEnumerable<(string Text, int? Id)> Cut(string text, string special, int id)
    {
        var between = text.Split(special);
        for (var i = 0; i < between.Length; i++)
        {
            if (i > 0)
            {
                yield return (special, id);
            }

            if (between[i].Length > 0)
            {
                yield return (between[i], null);
            }
        }
    }
}
