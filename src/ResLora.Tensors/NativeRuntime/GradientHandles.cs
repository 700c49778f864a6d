using static TorchSharp.torch;

namespace ResLora.Tensors.NativeRuntime;

/// <summary>
/// The handles of gradients that TorchSharp's custom functions leave in the scope of a training step, where each would hold its memory
/// until the step ends: all layers' gradients at once. libtorch has references of its own.
/// </summary>
public static class GradientHandles
{
    // Of the backward pass that this thread is in.
    [ThreadStatic]
    private static List<Tensor>? _handedOver;

    /// <summary>
    /// Lets go of what the function before handed over; on the same thread, where a custom function's part of a backward pass begins and
    /// where the pass has ended.
    /// </summary>
    public static void Release()
    {
        _handedOver?.ForEach(gradient => gradient.Dispose());
        _handedOver = null;
    }

    /// <summary>
    /// Hands gradients over, at the end of a backward pass: they are needed until libtorch has taken them, which the next pass knows.
    /// </summary>
    /// <param name="received">The gradients that the function was given, done with.</param>
    /// <param name="gradients">Its results, moved out of its scope; null where an input gets none.</param>
    /// <returns>The results, as TorchSharp wants them.</returns>
    public static List<Tensor> HandOver(IReadOnlyList<Tensor> received, params IReadOnlyList<Tensor?> gradients)
    {
        ArgumentNullException.ThrowIfNull(received);
        foreach (var gradient in received)
        {
            gradient?.Dispose();
        }

        _handedOver = [.. gradients.OfType<Tensor>()];
        return [.. gradients.Select(gradient => gradient!)];
    }
}
