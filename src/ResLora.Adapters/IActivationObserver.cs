using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>Sees what flows through the blocks of a model while it computes: for calibration and for measuring errors.</summary>
public interface IActivationObserver
{
    /// <summary>A forward pass begins.</summary>
    /// <param name="tokenMask">[B, T], 1 for tokens and 0 for padding; null when nothing is padding. Borrowed for the pass.</param>
    void BeginPass(Tensor? tokenMask);

    /// <summary>A block with a shortcut of weight above 0 computes.</summary>
    /// <param name="block">The block.</param>
    /// <param name="input">x_n, [B, T, Din]; borrowed. Blocks that read one and the same input get one and the same object.</param>
    /// <param name="low">
    /// What B_n sees, [B, T, R]: A_n (x_n + γ x_{n−1}) under the input shortcut, A_n x_n + γ Σ A_{n−k} x_{n−k} under the middle shortcut;
    /// null under the block shortcut, which has no such thing. Borrowed.
    /// </param>
    void Observe(AdapterBlock block, Tensor input, Tensor? low);

    /// <summary>A block of any kind has computed. Default: nobody looks.</summary>
    /// <param name="block">The block.</param>
    /// <param name="input">x_n; borrowed. Blocks that read one and the same input get one and the same object.</param>
    /// <param name="output">h_n, what the layer gives with the block; borrowed.</param>
    void ObserveOutput(AdapterBlock block, Tensor input, Tensor output)
    {
    }
}
