namespace ResLora.Tensors.Pickles;

/// <summary>Names from files from outside in messages: not longer than a line, and without control characters.</summary>
internal static class Shown
{
    private const int Longest = 100;

    /// <summary>A name as it is shown.</summary>
    /// <param name="name">The name.</param>
    public static string Of(string name)
    {
        var clean = string.Concat(name.Take(Longest).Select(letter => char.IsControl(letter) ? '?' : letter));
        return name.Length > Longest ? clean + "…" : clean;
    }
}
