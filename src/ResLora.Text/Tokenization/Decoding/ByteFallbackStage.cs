using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace ResLora.Text.Tokenization.Decoding;

/// <summary>
/// Joins runs of byte tokens, <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>. A run that is not UTF-8 as a whole becomes one
/// U+FFFD a byte, as Hugging Face does it, so a run is settled only when another token or the end follows.
/// </summary>
internal sealed class ByteFallbackStage : IDecoderStage
{
    private readonly List<byte> _run = [];

    /// <inheritdoc/>
    public IEnumerable<string> Add(string token)
    {
        if (token is ['<', '0', 'x', var high, var low, '>'] && byte.TryParse(
            [high, low], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            _run.Add(value);
            return [];
        }

        return [.. Flush(), token];
    }

    /// <inheritdoc/>
    public IEnumerable<string> Flush()
    {
        if (_run.Count == 0)
        {
            return [];
        }

        byte[] run = [.. _run];
        _run.Clear();
        return [Utf8.IsValid(run) ? Encoding.UTF8.GetString(run) : new string('\uFFFD', run.Length)];
    }
}
