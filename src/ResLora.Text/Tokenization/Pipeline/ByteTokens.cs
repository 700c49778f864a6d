using System.Globalization;
using System.Text;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>The tokens <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>, by which a model writes what its vocabulary lacks.</summary>
/// <param name="model">The model.</param>
internal sealed class ByteTokens(TokenizerJsonModel model)
{
    private readonly int[] _ids = model.ByteFallback
        ? [.. Enumerable.Range(0, 256).Select(value =>
            model.Vocabulary.GetValueOrDefault(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"), -1))]
        : [];

    /// <summary>Writes a text as bytes, if the model does so and has a token for each.</summary>
    /// <param name="text">The text.</param>
    /// <param name="output">Where the ids are added.</param>
    /// <returns>False when nothing was added.</returns>
    public bool TryAdd(string text, List<int> output)
    {
        if (_ids.Length == 0)
        {
            return false;
        }

        var ids = Encoding.UTF8.GetBytes(text).Select(value => _ids[value]).ToList();
        if (ids.Contains(-1))
        {
            return false;
        }

        output.AddRange(ids);
        return true;
    }
}
