using static TorchSharp.torch;

namespace ResLora.Models.Blocks;

/// <summary>Which key each query may look at.</summary>
public static class AttentionMask
{
    /// <summary>
    /// The mask of causal attention with padding and an optional sliding window, or null when plain causal attention
    /// (which libtorch computes without a mask) is the same.
    /// </summary>
    /// <param name="tokenMask">[B, P + T], 1 for a token and 0 for padding, past positions included; null when nothing is padding.</param>
    /// <param name="past">P, positions already in the cache.</param>
    /// <param name="count">T, new positions.</param>
    /// <param name="window">Sliding window in tokens, or null for none.</param>
    /// <param name="device">Where the mask is needed.</param>
    /// <returns>
    /// New bool tensor that broadcasts to [B, H, T, P + T], true where a query may look; owned by the caller. Null stands
    /// for the plain causal mask, and only when <paramref name="past"/> is 0 or <paramref name="count"/> is 1.
    /// </returns>
    /// <remarks>A padded query with no key left sees itself, so that no row of the softmax is empty (which would be NaN).</remarks>
    public static Tensor? Create(Tensor? tokenMask, long past, long count, int? window, Device device)
    {
        var total = past + count;
        var windowMatters = window is { } w && total > w;
        if (tokenMask is null && !windowMatters && (past == 0 || count == 1))
        {
            return null;
        }

        using var scope = NewDisposeScope();
        var query = arange(past, total, device: device).unsqueeze(1);   // [T, 1]
        var key = arange(total, device: device).unsqueeze(0);           // [1, P + T]
        var allowed = key <= query;                                     // [T, P + T]
        if (windowMatters)
        {
            allowed = allowed.logical_and(key > query - window!.Value);
        }

        allowed = allowed.unsqueeze(0).unsqueeze(0);                    // [1, 1, T, P + T]
        if (tokenMask is not null)
        {
            var tokens = tokenMask.to(@bool).unsqueeze(1).unsqueeze(1);   // [B, P + T] -> [B, 1, 1, P + T]
            allowed = allowed.logical_and(tokens);                        // [B, 1, T, P + T]
            var empty = allowed.any(-1, keepdim: true).logical_not();     // [B, 1, T, 1]
            allowed = allowed.logical_or(empty.logical_and(key == query));
        }

        return allowed.MoveToOuterDisposeScope();
    }
}
