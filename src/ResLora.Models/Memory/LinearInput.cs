namespace ResLora.Models.Memory;

/// <summary>Linear layers that read one tensor. Whoever trains them, or puts a block on one, keeps that tensor.</summary>
/// <param name="Features">Din of the layers.</param>
/// <param name="Names">The last parts of their names, or all that stands behind the layer's number.</param>
public sealed record LinearInput(long Features, params IReadOnlyList<string> Names)
{
    /// <summary>Whether the tensor is kept for another reason, which <see cref="LayerAccount.Kept"/> counts. Default false.</summary>
    public bool IsKeptAnyway { get; init; }
}
