using System.Text;

namespace ResLora.Text.Tokenization.Unicode;

/// <summary>
/// Lower case and numbers as of Unicode 17, which Hugging Face's library takes from Rust, where it is one version ahead of the runtime.
/// </summary>
internal static class YoungCharacters
{
    private const int FirstCapital = 0x16EA0, LastCapital = 0x16EB8, FirstSmall = 0x16EBB; // Beria Erfe

    /// <summary>The lower case of a character, where that is one character.</summary>
    public static Rune ToLower(Rune rune) => rune.Value switch
    {
        0xA7CE or 0xA7D2 or 0xA7D4 => new Rune(rune.Value + 1),
        >= FirstCapital and <= LastCapital => new Rune(rune.Value - FirstCapital + FirstSmall),
        _ => Rune.ToLowerInvariant(rune),
    };

    /// <summary>Whether a character is a number of any kind.</summary>
    public static bool IsNumber(Rune rune) =>
        Rune.IsNumber(rune) || rune.Value is (>= 0x11DE0 and <= 0x11DE9) or (>= 0x16FF4 and <= 0x16FF6);
}
