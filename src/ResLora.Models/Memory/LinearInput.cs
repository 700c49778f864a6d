namespace ResLora.Models.Memory;

/// <summary>Linear layers, or a convolution, that read one tensor. Whoever trains them or puts a block on one keeps it.</summary>
/// <param name="Features">Din of the layers.</param>
/// <param name="Names">The last parts of their names, or all that stands behind the layer's number.</param>
public sealed record LinearInput(long Features, params IReadOnlyList<string> Names)
{
    /// <summary>Whether the tensor is kept for another reason, which <see cref="LayerAccount.Kept"/> counts. Default false.</summary>
    public bool IsKeptAnyway { get; init; }

    /// <summary>How many rows of it there are where the account is for each sample. Default 1.</summary>
    public long Rows { get; init; } = 1;

    /// <summary>
    /// What of <see cref="LayerAccount.Kept"/> lies before it, in bytes: where gradients begin with a block on one of its layers, that is
    /// not kept. Default 0.
    /// </summary>
    public long Before { get; init; }
}
