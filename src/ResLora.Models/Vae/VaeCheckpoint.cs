namespace ResLora.Models.Vae;

/// <summary>How the checkpoints of autoencoders name their tensors.</summary>
internal static class VaeCheckpoint
{
    // In published files attention has the names of an earlier class.
    private static readonly (string Now, string Before)[] _names =
        [(".to_q.", ".query."), (".to_k.", ".key."), (".to_v.", ".value."), (".to_out.0.", ".proj_attn.")];

    /// <summary>The names that a tensor may have.</summary>
    /// <param name="name">The network's name.</param>
    public static IEnumerable<string> Names(string name)
    {
        yield return name;
        foreach (var (now, before) in _names.Where(pair => name.Contains(pair.Now, StringComparison.Ordinal)))
        {
            yield return name.Replace(now, before, StringComparison.Ordinal);
        }
    }
}
