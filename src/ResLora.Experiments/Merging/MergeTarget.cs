namespace ResLora.Experiments.Merging;

/// <summary>What a merge makes.</summary>
public enum MergeTarget
{
    /// <summary>A PEFT adapter folder: ordinary LoRA, which other tools read.</summary>
    Lora,

    /// <summary>A Hugging Face model folder with the merged weights.</summary>
    Model,
}
